"""Addresses of payments and documents, included by web.urls into its namespace."""

from django.urls import path

from web.views import billing, documents

urlpatterns = [
    path("payments/", billing.payments, name="payments"),
    path("contracts/<int:contract_id>/payments/", billing.contract_payments, name="contract_payments"),
    path("milestones/<int:milestone_id>/", billing.milestone, name="milestone"),
    path("milestones/<int:milestone_id>/invoices/new/", billing.invoice_add, name="invoice_add"),
    path("milestones/<int:milestone_id>/apply/", billing.payment_apply, name="payment_apply"),
    path("invoices/", billing.invoices, name="invoices"),
    path("invoices/<int:invoice_id>/check/", billing.invoice_check, name="invoice_check"),
    path("invoices/<int:invoice_id>/file/", billing.invoice_file, name="invoice_file"),
    path("applications/<int:application_id>/", billing.application, name="application"),
    path("applications/<int:application_id>/decide/", billing.payment_decide, name="payment_decide"),
    path("applications/<int:application_id>/post/", billing.payment_post, name="payment_post"),
    path("applications/<int:application_id>/form/", documents.application_form_issue, name="document_issue"),
    path("documents/", documents.documents, name="documents"),
    path("documents/<int:document_id>/pdf/", documents.document_pdf, name="document_pdf"),
    path("documents/<int:document_id>/void/", documents.document_void, name="document_cancel"),
    path("documents/issue/<slug:kind>/<int:subject_id>/", documents.document_issue_of, name="document_issue_of"),
    path("contracts/<int:contract_id>/documents/", documents.contract_documents, name="contract_documents"),
]
