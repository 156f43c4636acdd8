"""The words that rules are written in: who lends, what is lent, at which moment, who issued the law.

Codes are few and fixed; each has a Chinese and an English name. A code may imply wider ones (a used-car loan is
an auto loan). Where a rule is milder for a kind (own use, new car), the subject must *claim* the kind: a subject
that does not say counts as the stricter kind.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from puhui.kernel.language import Text


class Term(NamedTuple):
    """A code's name in both languages, and the wider codes that it implies."""

    name: Text
    implies: tuple[str, ...] = ()


def _term(zh: str, en: str, *implies: str) -> Term:
    return Term(Text(zh, en), implies)


LENDERS: dict[str, Term] = {
    "bank": _term("商业银行", "commercial bank"),
    "local_bank": _term("地方法人银行", "locally incorporated bank", "bank"),
    "rural_coop": _term("农村信用社", "rural credit cooperative", "bank"),
    "foreign_bank_branch": _term("外国银行分行", "branch of a foreign bank", "bank"),
    "consumer_finance": _term("消费金融公司", "consumer finance company"),
    "auto_finance": _term("汽车金融公司", "auto finance company"),
    "trust": _term("信托公司", "trust company"),
    "small_loan": _term("小额贷款公司", "small-loan company"),
    "online_small_loan": _term("网络小额贷款公司", "online small-loan company", "small_loan"),
    "leasing": _term("融资租赁公司", "leasing company"),
    "factor": _term("商业保理公司", "commercial factoring company"),
    "pawn": _term("典当行", "pawnshop"),
    "local_amc": _term("地方资产管理公司", "local asset management company"),
    "equity_market": _term("区域性股权市场", "regional equity market"),
    "private_lender": _term("民间出借人", "private (unlicensed) lender"),
    "platform": _term("助贷平台", "loan-facilitation platform"),
    "guarantor": _term("融资担保公司", "financing guarantee company"),
    "insurer": _term("保险公司", "insurer"),
    "payment_institution": _term("支付机构", "payment institution"),
    "scf_platform": _term("供应链信息服务机构", "supply-chain information provider"),
    "core_enterprise": _term("供应链核心企业", "core enterprise"),
    "large_enterprise": _term("大型企业（付款方）", "large enterprise (as payer)"),
    "public_body": _term("机关、事业单位（付款方）", "public body (as payer)"),
    "collection_agency": _term("催收机构", "collection agency"),
    "credit_bureau": _term("征信机构", "credit bureau"),
}

# A group is only a shorter way to write `lenders` in a rule; a subject names one lender, never a group.
GROUPS: dict[str, Term] = {
    "financial_institutions": _term(
        "金融机构（金融监管总局发牌）", "financial institutions licensed by NFRA",
        "bank", "consumer_finance", "auto_finance", "trust",
    ),
    "local_financial_organisations": _term(
        "七类地方金融组织", "the seven kinds of local financial organisations",
        "small_loan", "guarantor", "equity_market", "pawn", "leasing", "factor", "local_amc",
    ),
    "licensed_lenders": _term(
        "持牌放贷机构", "licensed lenders",
        "bank", "consumer_finance", "auto_finance", "trust", "small_loan", "leasing", "factor", "pawn",
    ),
    "all_lenders": _term(
        "一切出借人", "all lenders, private ones included",
        "bank", "consumer_finance", "auto_finance", "trust", "small_loan", "leasing", "factor", "pawn",
        "private_lender",
    ),
}  # fmt: skip

# Every subject has the tag "any"; it marks rules that do not look at the product.
PRODUCTS: dict[str, Term] = {
    "any": _term("不分产品", "any product"),
    "all_loans": _term("各类贷款", "all loans"),
    "personal_loan": _term("个人贷款", "personal loan", "all_loans"),
    "personal_consumer": _term("个人消费贷款", "personal consumer loan", "personal_loan"),
    "personal_business": _term("个人经营贷款", "personal business loan", "personal_loan", "business_credit"),
    "credit_card": _term("信用卡", "credit card", "personal_loan"),
    "card_instalment": _term("信用卡账单分期", "credit-card bill instalments", "credit_card"),
    "housing": _term("个人住房贷款", "housing loan", "personal_loan"),
    "student": _term("助学贷款", "student loan", "personal_loan"),
    "business_credit": _term("经营性贷款", "business credit", "all_loans"),
    "enterprise": _term("企业贷款", "enterprise loan", "business_credit"),
    "working_capital": _term("流动资金贷款", "working-capital loan", "enterprise"),
    "fixed_asset": _term("固定资产贷款", "fixed-asset loan", "enterprise"),
    "inventory_finance": _term("存货融资", "inventory finance", "enterprise"),
    "dealer_floor_plan": _term("经销商汽车贷款（库存融资）", "dealer floor plan", "enterprise"),
    "internet": _term("互联网贷款", "internet loan", "all_loans"),
    "facilitated": _term("助贷", "facilitated loan", "internet"),
    "joint": _term("联合贷款（共同出资）", "jointly funded loan", "internet"),
    "unsecured": _term("信用贷款", "unsecured loan", "all_loans"),
    "bullet": _term("到期一次还本", "principal repaid once at maturity", "all_loans"),
    "revolving": _term("循环额度", "revolving line", "all_loans"),
    "auto": _term("汽车贷款", "auto loan", "all_loans"),
    "auto_own_use": _term("自用车", "own-use car", "auto"),
    "auto_commercial": _term("商用车", "commercial vehicle", "auto"),
    "auto_new": _term("新车", "new car", "auto"),
    "auto_used": _term("二手车", "used car", "auto"),
    "auto_nev": _term("新能源车", "new-energy vehicle", "auto"),
    "auto_addon": _term("汽车附加品融资", "auto add-on finance", "all_loans"),
    "rural": _term("涉农贷款", "rural loan", "all_loans"),
    "farmer": _term("农户贷款", "loan to a farming household", "rural"),
    "receivables": _term("应收账款", "receivable"),
    "receivables_finance": _term("应收账款融资", "receivables finance", "receivables", "enterprise"),
    "voucher": _term("应收账款电子凭证", "electronic receivable voucher", "receivables_finance"),
    "factoring": _term("保理", "factoring", "receivables_finance"),
    "guarantee": _term("融资担保", "financing guarantee"),
    "payments": _term("支付结算", "payments"),
    "cash_one_off": _term("现金及一次性金融服务", "cash and one-off services", "payments"),
}

MOMENTS: dict[str, Text] = {
    "product": Text("产品设计", "design of a product"),
    "offer": Text("报价与签约", "offer and signing"),
    "loan": Text("贷后管理", "a loan being serviced"),
    "collection": Text("催收与索赔", "collection and claims"),
    "marketing": Text("营销宣传", "marketing"),
    "personal_data": Text("个人信息与档案", "personal data and records"),
    "payment": Text("支付交易", "a payment"),
    "receivable": Text("应收账款与凭证", "a receivable or voucher"),
    "institution": Text("机构指标与集中度", "ratios and concentrations of the institution"),
    "statistics": Text("统计口径", "statistical class of a loan"),
    "subsidy": Text("财政贴息", "interest subsidy"),
}

ISSUERS: dict[str, Text] = {
    "npc": Text("全国人大（及其常委会）", "National People's Congress"),
    "state_council": Text("国务院", "State Council"),
    "spc": Text("最高人民法院", "Supreme People's Court"),
    "pbc": Text("中国人民银行", "People's Bank of China"),
    "nfra": Text("国家金融监督管理总局", "National Financial Regulatory Administration"),
    "cbirc": Text("原银保监会", "former CBIRC"),
    "cbrc": Text("原银监会", "former CBRC"),
    "csrc": Text("证监会", "CSRC"),
    "mof": Text("财政部", "Ministry of Finance"),
    "ndrc": Text("国家发展改革委", "NDRC"),
    "mofcom": Text("商务部", "Ministry of Commerce"),
    "samr": Text("市场监管总局", "SAMR"),
    "sac": Text("国家标准委", "SAC"),
    "iasb": Text("国际会计准则理事会", "IASB"),
    "cba": Text("中国银行业协会", "China Banking Association"),
    "others": Text("等部门", "and other departments"),
    "none": Text("无", "none"),
}

SEVERITIES: dict[str, Text] = {
    "hard": Text("强制", "hard"),
    "soft": Text("提示", "soft"),
    "info": Text("参考", "info"),
    "classification": Text("口径", "class"),
}

CONFIDENCES: dict[str, Text] = {
    "quoted-primary": Text("原文", "primary text"),
    "quoted-secondary": Text("转引", "secondary source"),
    "memory-unverified": Text("未核实", "unverified"),
}

OUTCOMES: dict[str, Text] = {
    "passed": Text("通过", "passed"),
    "broken": Text("违反", "broken"),
    "warned": Text("警示", "warned"),
    "cannot_evaluate": Text("无法判断", "cannot evaluate"),
    "for_people": Text("需人工判断", "for people"),
    "superseded": Text("暂被替代", "superseded"),
}


def _closure(codes: Iterable[str], terms: Mapping[str, Term]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(codes)
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting.extend(terms[code].implies)
    return frozenset(found)


@lru_cache(maxsize=1024)
def lender_codes(lender: str) -> frozenset[str]:
    """Return the lender's code and the wider ones it implies.

    >>> sorted(lender_codes("local_bank"))
    ['bank', 'local_bank']
    """
    return _closure((lender,), LENDERS)


@lru_cache(maxsize=4096)
def product_tags(products: tuple[str, ...]) -> frozenset[str]:
    """Return the tags, all that they imply, and "any".

    >>> sorted(product_tags(("auto_used",)))
    ['all_loans', 'any', 'auto', 'auto_used']
    """
    return _closure((*products, "any"), PRODUCTS)


def expand_lenders(codes: Iterable[str]) -> frozenset[str]:
    """Return the lender codes of a rule's `lenders`, groups written out."""
    return frozenset(member for code in codes for member in (GROUPS[code].implies if code in GROUPS else (code,)))


def name_of(code: str, names: Mapping[str, Term] | Mapping[str, Text]) -> str:
    """Return a code's name in the user's language; the code itself when it is not in `names`."""
    entry = names.get(code)
    if entry is None:
        return code
    return entry.name.say() if isinstance(entry, Term) else entry.say()
