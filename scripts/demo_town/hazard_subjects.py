"""What is found wrong at which kind of place, and the major cases that are still open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """What is found at places of a kind.

    Attributes
    ----------
    weight
        Of one place of the kind in the draw.
    industry
        As in the kind's passport.
    general, major
        What is found; no major finds where empty.
    standard
        By which a major find is judged.
    """

    weight: float
    industry: str
    general: tuple[str, ...]
    major: tuple[str, ...] = ()
    standard: str | None = None


TRADE = "《工贸企业重大事故隐患判定标准》（应急管理部令第10号）"
MINING = "《金属非金属矿山重大事故隐患判定标准》（矿安〔2022〕88号）"
FIRE = "《重大火灾隐患判定方法》（GB 35181）"
GAS = "《城镇燃气经营安全重大隐患判定标准》（建城规〔2023〕4号）"
CARE = "《养老机构重大事故隐患判定标准》（民办发〔2023〕13号）"
HOUSE = "《自建房结构安全排查技术要点（暂行）》"

MOCK_CLAUSE = "模拟条款"
"""Clauses are not quoted: the cases are invented."""

SUBJECTS: Mapping[str, Subject] = {
    "enterprise": Subject(3.4, "工贸", (
        "配电箱未上锁，线路敷设不规范", "安全出口指示灯损坏", "除尘管道积灰未及时清扫",
        "特种作业证件过期", "有限空间未设警示标识", "叉车未定期检验", "危险废物混放",
        "应急预案未演练", "砂轮机缺防护罩", "气瓶未固定", "消防通道堆放杂物"),
        ("有限空间作业未落实先通风再检测后作业", "粉尘涉爆场所除尘系统未按要求设置泄爆",
         "深井铸造未设置紧急排放和应急储存设施", "液氨制冷快速冻结装置未设在单独作业间"),
        TRADE),
    "small_place": Subject(0.45, "小场所", (
        "灭火器过期", "燃气软管老化", "安全出口上锁", "私拉乱接电线", "电动自行车室内充电",
        "未安装独立式感烟报警器", "防盗窗未设逃生口", "可调式减压阀未更换", "疏散通道堆物"),
        ("违规住人且无独立疏散通道",), FIRE),
    "self_built_house": Subject(0.12, "房屋建筑", (
        "墙体局部开裂", "屋面渗漏，木构件腐朽", "擅自加建阳台", "外墙面砖空鼓", "线路老化"),
        ("主要承重构件明显变形，存在坍塌危险",), HOUSE),
    "mine": Subject(9.0, "矿山", (
        "边坡浮石未清理", "运输道路挡墙缺失", "警示标志不全", "作业平台宽度不足"),
        ("未自上而下分台阶开采",), MINING),
    "school": Subject(4.0, "教育", ("消防栓被遮挡", "食堂燃气报警器未定期检测", "应急照明损坏")),
    "hospital": Subject(8.0, "卫生健康", ("氧气瓶间未单独设置", "应急照明损坏")),
    "elderly_home": Subject(7.0, "民政", ("床头呼叫器失灵", "疏散指示标志缺失"),
        ("建筑违规使用易燃可燃材料作隔热层",), CARE),
    "gas_station": Subject(6.0, "危险化学品", ("静电接地夹锈蚀", "卸油区灭火器材不足")),
    "lpg_station": Subject(6.0, "燃气", ("实瓶空瓶混放", "可燃气体报警器未校验"),
        ("瓶装供应站内存放超量气瓶",), GAS),
    "gas_pipeline": Subject(1.6, "燃气", ("管位标志桩缺失", "阀井积水", "第三方施工未交底"),
        ("燃气管道被占压",), GAS),
    "forest": Subject(0.5, "林业", ("防火道杂草未清理", "林区违规用火痕迹")),
    "water_source": Subject(1.0, "林业", ("蓄水池水位不足", "取水口被堵")),
}  # fmt: skip

FREE_INDUSTRY = "其他"
FREE_TITLES = ("道路护栏损坏", "窨井盖缺失", "河塘边无警示标识", "占道堆放杂物", "架空线缆下垂",
               "田间焚烧秸秆", "道路视距不足")  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenMajor:
    """A major case that is still open; only in villages that may be raised.

    ``word`` is looked for in the site's name or category; ``found`` and ``due`` are days before
    (negative: after) the town's today.
    """

    village: str
    kind: str
    word: str
    title: str
    state: str
    found: int
    due: int
    channel: str


OPEN_MAJORS = (
    OpenMajor("320413109211", "enterprise", "铝加工深井铸造",
              "深井铸造未接入监测预警且应急储存设施缺失",
              "整改中", 110, 47, "督导检查"),
    OpenMajor("320413109211", "enterprise", "铝镁金属粉尘", "多层厂房内设置铝镁粉尘作业岗位",
              "已下达整改", 12, -25, "督导检查"),
    OpenMajor("320413109211", "enterprise", "其他金属粉尘", "除尘系统未按规范设置泄爆装置",
              "待验收", 40, -6, "企业自查"),
    OpenMajor("320413109229", "enterprise", "液氨制冷", "液氨制冷快速冻结装置未设在单独作业间",
              "整改中", 64, 12, "督导检查"),
    OpenMajor("320413109229", "gas_pipeline", "燃气管", "市政燃气管道被围墙占压",
              "延期待批", 50, -10, "群众举报"),
    OpenMajor("320413109202", "self_built_house", "经营性自建房", "经营性自建房鉴定为C级仍对外营业",
              "整改中", 33, -27, "督导检查"),
    OpenMajor("320413109202", "small_place", "歌厅", "违规住人且无独立疏散通道",
              "已登记", 4, -20, "群众举报"),
    OpenMajor("320413109209", "enterprise", "有限空间", "有限空间作业未落实先通风再检测后作业",
              "已复核", 28, -2, "企业自查"),
    OpenMajor("320413109203", "mine", "", "未自上而下分台阶开采",
              "整改中", 22, -38, "督导检查"),
)  # fmt: skip
