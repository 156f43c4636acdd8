"""The words that product definitions are written in: lines, segments, payees, data, purposes.

Codes are few and fixed, so that a misspelt payee cannot hide a fee; each has a Chinese and an English name.
"""

from collections.abc import Mapping
from typing import NamedTuple

from puhui.kernel.language import Text

LINES: dict[str, Text] = {
    "auto": Text("汽车金融", "auto finance"),
    "supply_chain": Text("供应链金融", "supply-chain finance"),
    "personal": Text("个人信贷", "personal credit"),
}

SEGMENTS: dict[str, Text] = {
    "farmer": Text("农户", "farmer"),
    "wage_earner": Text("工薪人员", "wage earner"),
    "civil_servant": Text("机关事业单位人员", "public employee"),
    "shopkeeper": Text("店主", "shopkeeper"),
    "sole_trader": Text("个体工商户", "sole trader"),
    "gig_worker": Text("灵活就业人员", "gig worker"),
    "driver": Text("司机", "driver"),
    "new_driver": Text("新手司机", "new driver"),
    "micro_firm": Text("微型企业", "micro firm"),
    "small_firm": Text("小型企业", "small firm"),
    "cooperative": Text("农民合作社", "farmers' cooperative"),
    "supplier": Text("供应商", "supplier"),
    "distributor": Text("经销商", "distributor"),
}

PAYEES: dict[str, Text] = {
    "lender": Text("贷款人", "lender"),
    "platform": Text("助贷平台", "facilitation platform"),
    "guarantor": Text("担保公司", "guarantor"),
    "insurer": Text("保险公司", "insurer"),
    "dealer": Text("经销商", "dealer"),
    "appraiser": Text("评估机构", "appraiser"),
    "registry": Text("登记机构", "registry"),
    "warehouse": Text("仓储监管方", "warehouse keeper"),
    "service_provider": Text("服务商", "service provider"),
}

PURPOSES: dict[str, Text] = {
    "daily_consumption": Text("日常消费", "daily consumption"),
    "home_appliances": Text("家电家居", "appliances and furniture"),
    "renovation": Text("装修", "renovation"),
    "education": Text("教育培训", "education"),
    "medical": Text("医疗健康", "medical care"),
    "travel": Text("旅游", "travel"),
    "vehicle": Text("购车", "a vehicle"),
    "farm_inputs": Text("农资", "farm inputs"),
    "farm_machinery": Text("农机具", "farm machinery"),
    "livestock": Text("养殖", "livestock"),
    "stock": Text("进货", "stock"),
    "rent_and_wages": Text("房租与工资", "rent and wages"),
    "equipment": Text("小型设备", "small equipment"),
    "trade_payables": Text("支付货款", "payment of suppliers"),
    "production": Text("生产周转", "production"),
    "house": Text("购房", "a house"),
    "securities": Text("股票", "securities"),
    "bonds": Text("债券", "bonds"),
    "futures": Text("期货", "futures"),
    "derivatives": Text("金融衍生品", "derivatives"),
    "asset_mgmt": Text("资产管理产品", "asset-management products"),
    "fixed_asset": Text("固定资产投资", "fixed assets"),
    "equity": Text("股本权益性投资", "equity investment"),
}


class DataKind(NamedTuple):
    """A kind of data that a decision reads; `personal`: about a person; `sensitive`: as PIPL article 28 says."""

    name: Text
    personal: bool = True
    sensitive: bool = False


DATA: dict[str, DataKind] = {
    "identity": DataKind(Text("身份信息", "identity")),
    "face": DataKind(Text("人脸核验", "face check"), sensitive=True),
    "contact": DataKind(Text("联系方式", "contact details")),
    "credit_report": DataKind(Text("征信报告", "credit report"), sensitive=True),
    "income_proof": DataKind(Text("收入证明", "proof of income"), sensitive=True),
    "bank_statements": DataKind(Text("银行流水", "bank statements"), sensitive=True),
    "social_insurance": DataKind(Text("社保公积金", "social insurance and housing fund")),
    "driving_licence": DataKind(Text("驾驶证", "driving licence")),
    "utility_bills": DataKind(Text("水电气缴费", "utility bills")),
    "purchase_order": DataKind(Text("购物订单", "purchase order")),
    "land_rights": DataKind(Text("土地承包经营权", "land rights")),
    "crop_plan": DataKind(Text("种植养殖情况", "crops and livestock")),
    "farm_subsidy": DataKind(Text("惠农补贴", "farm subsidies")),
    "vehicle_order": DataKind(Text("购车合同", "vehicle order")),
    "vehicle_appraisal": DataKind(Text("车辆评估", "vehicle appraisal"), personal=False),
    "business_licence": DataKind(Text("营业执照", "business licence"), personal=False),
    "tax_records": DataKind(Text("纳税记录", "tax records"), personal=False),
    "sales_records": DataKind(Text("销售流水", "sales records"), personal=False),
    "stock_records": DataKind(Text("进销存记录", "stock records"), personal=False),
    "invoices": DataKind(Text("发票", "invoices"), personal=False),
    "debtor_confirmation": DataKind(Text("债务人确权", "debtor's confirmation"), personal=False),
    "warehouse_receipt": DataKind(Text("仓单", "warehouse receipt"), personal=False),
    "sensor_readings": DataKind(Text("物联网监测", "sensor readings"), personal=False),
    "market_prices": DataKind(Text("市场价格", "market prices"), personal=False),
}

DATA_PURPOSES: dict[str, Text] = {
    "verify_identity": Text("核实身份", "verify identity"),
    "assess_credit": Text("评估信用", "assess credit"),
    "assess_income": Text("评估还款能力", "assess repayment capacity"),
    "verify_purpose": Text("核实用途", "verify the purpose"),
    "assess_collateral": Text("评估押品", "assess collateral"),
    "prevent_fraud": Text("防范欺诈", "prevent fraud"),
    "watch_risk": Text("贷后监测", "watch risk after lending"),
    "marketing": Text("营销", "marketing"),
}


def names(codes: tuple[str, ...], words: Mapping[str, Text]) -> str:
    """Return the names of codes in the user's language, in one line."""
    return Text("、", ", ").say().join(words[code].say() for code in codes)
