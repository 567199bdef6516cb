/* Behaviour of the shell. ES2018, no library; everything is bound on the document, so htmx fragments need no set-up. */
(function () {
  'use strict';
  var d = document;
  var root = d.documentElement;

  function each(scope, selector, action) {
    Array.prototype.forEach.call(scope.querySelectorAll(selector), action);
  }

  function closest(event, selector) {
    return event.target.closest ? event.target.closest(selector) : null;
  }

  /* Theme: kept in a cookie so that the server renders it. */
  function labelThemes() {
    var dark = root.getAttribute('data-bs-theme') === 'dark';
    each(d, '[data-theme-toggle]', function (button) { button.setAttribute('aria-pressed', String(dark)); });
  }

  function toggleTheme() {
    var theme = root.getAttribute('data-bs-theme') === 'dark' ? 'light' : 'dark';
    var secure = location.protocol === 'https:' ? ';secure' : '';
    root.setAttribute('data-bs-theme', theme);
    d.cookie = 'theme=' + theme + ';path=/;max-age=31536000;samesite=lax' + secure;
    labelThemes();
  }

  /* Dialogs: the opener is a link to the same form as a page; with scripts it opens here instead. */
  function openDialog(event, opener) {
    var dialog = d.getElementById(opener.getAttribute('data-dialog-open'));
    if (!dialog || !dialog.showModal) { return; }
    event.preventDefault();
    dialog.showModal();
    var first = dialog.querySelector('.pad input:not([type=hidden]),.pad select,.pad textarea');
    if (first) { first.focus(); }
  }

  d.addEventListener('click', function (event) {
    var hit = closest(event, '[data-theme-toggle]');
    if (hit) { toggleTheme(); return; }
    hit = closest(event, '[data-dialog-open]');
    if (hit) { openDialog(event, hit); return; }
    hit = closest(event, '[data-dialog-close]');
    if (hit) { hit.closest('dialog').close(); return; }
    if (event.target.nodeName === 'DIALOG') { event.target.close(); return; }
    hit = closest(event, '[data-message-close]');
    if (hit) { hit.closest('[data-message]').remove(); return; }
    hit = closest(event, '[data-print]');
    if (hit) { window.print(); return; }
    hit = closest(event, '[data-copy]');
    if (hit && navigator.clipboard) { navigator.clipboard.writeText(hit.getAttribute('data-copy')); }
  });

  /* A second click must not post a form twice; the server refuses it as well. */
  d.addEventListener('submit', function (event) {
    var form = event.target;
    if (form.method !== 'post' || event.defaultPrevented) { return; }
    if (form.hasAttribute('data-sent')) { event.preventDefault(); return; }
    form.setAttribute('data-sent', '');
    setTimeout(function () { form.removeAttribute('data-sent'); }, 4000);
  });

  /* Controls that apply themselves: <select data-autosubmit>. */
  d.addEventListener('change', function (event) {
    if (event.target.hasAttribute('data-autosubmit') && event.target.form) { event.target.form.submit(); }
  });

  /* "/" leads to the search field. */
  d.addEventListener('keydown', function (event) {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable) { return; }
    var field = d.getElementById('q');
    if (field && field.offsetParent) { event.preventDefault(); field.focus(); field.select(); }
  });

  /* What a page or a swapped fragment brings: a timeline that starts at today, months folded on a phone, an error summary to read first. */
  function arrive(scope) {
    each(scope, '[data-scroll-to]', function (region) {
      if (region.scrollWidth > region.clientWidth) {
        region.scrollLeft = region.scrollWidth * parseFloat(region.getAttribute('data-scroll-to')) - region.clientWidth * 0.35;
      }
    });
    if (window.matchMedia && matchMedia('(max-width: 767.98px)').matches) {
      each(scope, 'details[data-fold][open]', function (month) { month.removeAttribute('open'); });
    }
    var summary = scope.querySelector('[data-focus]');
    if (summary) { summary.focus(); }
  }

  labelThemes();
  arrive(d);
  d.addEventListener('htmx:afterSettle', function (event) { arrive(event.detail.elt); });
  window.addEventListener('pageshow', function () {
    each(d, 'form[data-sent]', function (form) { form.removeAttribute('data-sent'); });
  });
})();
