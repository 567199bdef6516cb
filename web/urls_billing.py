"""Addresses of payments and documents, included by web.urls into its namespace."""

from django.urls import path

from web.views import billing, documents, holds, settlement

urlpatterns = [
    path("payments/", billing.payments, name="payments"),
    path("contracts/<int:contract_id>/payments/", billing.contract_payments, name="contract_payments"),
    path("milestones/<int:milestone_id>/", billing.milestone, name="milestone"),
    path("milestones/<int:milestone_id>/invoices/new/", billing.invoice_add, name="invoice_add"),
    path("milestones/<int:milestone_id>/apply/", billing.payment_apply, name="payment_apply"),
    path("invoices/", billing.invoices, name="invoices"),
    path("invoices/<int:invoice_id>/check/", billing.invoice_check, name="invoice_check"),
    path("invoices/<int:invoice_id>/credit-note/", billing.credit_note_add, name="credit_note_add"),
    path("invoices/<int:invoice_id>/file/", billing.invoice_file, name="invoice_file"),
    path("applications/<int:application_id>/", billing.application, name="application"),
    path("applications/<int:application_id>/decide/", billing.payment_decide, name="payment_decide"),
    path("applications/<int:application_id>/post/", billing.payment_post, name="payment_post"),
    path("applications/<int:application_id>/form/", documents.application_form_issue, name="document_issue"),
    path("contracts/<int:contract_id>/settlement/", settlement.contract_settlement, name="contract_settlement"),
    path("contracts/<int:contract_id>/payee/", holds.payee_propose, name="payee_propose"),
    path("payee-changes/<int:change_id>/decide/", holds.payee_decide, name="payee_decide"),
    path("liabilities/<int:liability_id>/deduct/", settlement.deduction_add, name="deduction_add"),
    path("liabilities/<int:liability_id>/claim/", settlement.claim_add, name="claim_add"),
    path("deductions/<int:deduction_id>/take-back/", settlement.deduction_reverse, name="deduction_reverse"),
    path("claims/<int:separate_id>/receipt/", settlement.claim_settle, name="claim_settle"),
    path("claims/<int:separate_id>/withdraw/", settlement.claim_withdraw, name="claim_withdraw"),
    path("refunds/<int:refund_id>/transfer/", settlement.refund_pay, name="refund_pay"),
    path("milestones/<int:milestone_id>/hold/", holds.hold_open, name="hold_open"),
    path("holds/<int:hold_id>/notice/", holds.hold_notify, name="hold_notify"),
    path("holds/<int:hold_id>/end/", holds.hold_end, name="hold_end"),
    path("payments/<int:payment_id>/reverse/", holds.payment_reverse, name="payment_reverse"),
    path("reversals/<int:reversal_id>/decide/", holds.reversal_decide, name="reversal_decide"),
    path("documents/", documents.documents, name="documents"),
    path("documents/<int:document_id>/pdf/", documents.document_pdf, name="document_pdf"),
    path("documents/<int:document_id>/void/", documents.document_void, name="document_cancel"),
    path("documents/issue/<slug:kind>/<int:subject_id>/", documents.document_issue_of, name="document_issue_of"),
    path("contracts/<int:contract_id>/documents/", documents.contract_documents, name="contract_documents"),
]
