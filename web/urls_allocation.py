"""Addresses of quantities, the allocation of the price and a contract's workbook, included by web.urls."""

from django.urls import path

from web.views import allocation, allocation_import

CONTRACT = "contracts/<int:contract_id>/"
VERSION = f"{CONTRACT}allocation/<int:allocation_id>/"
urlpatterns = [
    path(f"{CONTRACT}allocation/", allocation.allocation, name="allocation"),
    path(f"{CONTRACT}allocation/new/", allocation.allocation_new, name="allocation_new"),
    path(f"{CONTRACT}allocation/import/", allocation_import.allocation, name="allocation_import"),
    path(f"{CONTRACT}allocation/import/apply/", allocation_import.allocation_apply, name="allocation_apply"),
    path(VERSION, allocation.version, name="allocation_version"),
    path(f"{VERSION}decide/", allocation.decide, name="allocation_decide"),
    path(f"{CONTRACT}quantities/", allocation.quantities, name="quantities"),
    path(f"{CONTRACT}quantities/new/", allocation.quantity_new, name="quantity_new"),
    path(f"{CONTRACT}quantities/import/", allocation_import.quantities, name="quantities_import"),
    path(f"{CONTRACT}quantities/import/apply/", allocation_import.quantities_apply, name="quantities_apply"),
    path(f"{CONTRACT}quantities/<int:use_id>/reverse/", allocation.quantity_reverse, name="quantity_reverse"),
    path(f"{CONTRACT}workbook/", allocation.workbook, name="contract_workbook"),
]
