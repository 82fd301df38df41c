"""The audit log: entries chained by hash, so that what was changed afterwards shows.

Every entry holds the hash of the one before it. A changed entry no longer has its own hash; a
removed one leaves a gap. Whoever can write the whole table could compute a new chain: therefore
the newest hash (the *head*) is written outside the database at least daily, signed, and a chain
that does not lead to a head written earlier was replaced.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

KEPT_DAYS = 180
"""No entry is deleted earlier: six months, 网络安全法 art. 21 (3)."""

HEAD_EVERY = dt.timedelta(hours=1)
"""A head is written when the last is so old and something was written since."""

SLACK = dt.timedelta(minutes=30)
"""Clocks are set, and a head takes its time: what is off by less is no fault."""

FIRST = "0" * 64
"""In place of the hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did.

    Attributes
    ----------
    id
        1, 2, 3 ...: a gap is a deletion.
    at
        The instant, UTC.
    actor, address
        Who, and from where; the address is None for a command.
    action
        What was done: a word of ``ACTIONS``.
    target
        To what: a kind, a layer, an account ...
    detail
        JSON text: the rest, such as old and new values; nothing personal and no secret.
    previous, digest
        Hash of the entry before, and of this one, SHA-256 in hex.
    """

    id: int
    at: dt.datetime
    actor: str
    address: str | None
    action: str
    target: str
    detail: str
    previous: str
    digest: str

    @property
    def facts(self) -> dict[str, object]:
        """Return the detail, name to value; a text that is no JSON stands whole under ``text``."""
        try:
            found = json.loads(self.detail)
        except ValueError:
            return {"text": self.detail}
        return found if isinstance(found, dict) else {"text": found}

    @property
    def name(self) -> str:
        """Return how people are told which entry is meant."""
        return f"第 {self.id} 条（{self.at:%Y-%m-%d %H:%M:%S} UTC，{self.actor}，{self.action}）"


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; what is None or empty does not limit.

    Attributes
    ----------
    actor, action
        Exactly so.
    text
        Stands somewhere in the target or the detail.
    since, until
        First instant and the instant after the last.
    before
        Only entries with a smaller number: the next page.
    """

    actor: str = ""
    action: str = ""
    text: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    before: int | None = None


ACTIONS = {
    "login": "登录",
    "login_failed": "登录失败",
    "locked": "登录被锁",
    "refused": "被拒绝",
    "logout": "退出",
    "session_end": "结束会话",
    "password": "修改口令",
    "account_add": "新增账号",
    "account_change": "修改账号",
    "password_reset": "重置口令",
    "unlock": "解除锁定",
    "token_add": "新增令牌",
    "token_revoke": "撤销令牌",
    "make": "建库",
    "refresh": "重做显示",
    "import": "导入",
    "upload": "上传",
    "cancel": "取消导入",
    "profile": "导入方案",
    "convert": "坐标换算",
    "place": "落图",
    "restore": "恢复",
    "merge": "合并",
    "unmerge": "撤销合并",
    "apart": "确认不重复",
    "compute": "计算",
    "parameters": "修改方法参数",
    "scenario_keep": "保存设想",
    "scenario_discard": "删除设想",
    "export": "导出",
    "personal": "查看个人信息",
    "audit_read": "导出审计记录",
    "audit_prune": "清理审计记录",
}
"""What can be done, and its name in Chinese."""


WORDS = {
    "action": "操作",
    "accuracy_m": "定位精度（米）",
    "active": "可登录",
    "actor": "人",
    "astray": "所填村与位置不符",
    "batch": "批次",
    "before": "早于",
    "cases": "隐患",
    "changed": "更新",
    "code": "程序版本",
    "complete": "完整",
    "count": "条数",
    "days": "天数",
    "fields": "字段",
    "file": "文件",
    "format": "格式",
    "industries": "行业",
    "into": "并入",
    "kinds": "类别",
    "lat": "纬度",
    "limit": "最多",
    "lon": "经度",
    "merged": "已并入他处",
    "method": "方法版本",
    "name": "名称",
    "new": "新增",
    "none": "未普查",
    "number": "第几号",
    "other": "另一场所",
    "outside": "不在任何村",
    "partial": "不全",
    "profile": "方案",
    "radius_m": "半径（米）",
    "rejected": "未收",
    "repaired": "几何已修复",
    "retired": "停用",
    "revision": "修订号",
    "role": "角色",
    "run": "第几次计算",
    "same": "相同",
    "second": "同一单位的另一处",
    "seed": "随机种子",
    "session": "会话",
    "sha256": "校验值",
    "since": "自",
    "site": "场所",
    "swapped": "坐标对调",
    "system": "坐标系",
    "text": "文字",
    "token": "令牌",
    "unplaced": "待落图",
    "undone": "收回",
    "until": "至",
    "upload": "上传",
    "upto": "到第几条",
    "version": "版",
    "villages": "村",
    "why": "原因",
}
"""What a detail is called in Chinese."""


def digest(
    number: int,
    at: dt.datetime,
    actor: str,
    address: str | None,
    action: str,
    target: str,
    detail: str,
    previous: str,
) -> str:
    """Return the hash of an entry: SHA-256 over all of it, as canonical JSON in UTF-8."""
    instant = at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    said = [number, instant, actor, address, action, target, detail, previous]
    return hashlib.sha256(canonical(said)).hexdigest()


def canonical(value: object) -> bytes:
    """Return the one JSON text of a value, in UTF-8: no spaces, keys in order."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry at some instant, written outside the database and signed.

    ``number`` counts the heads, 1, 2, 3 ...: a gap is a line taken out of their file.
    """

    number: int
    at: dt.datetime
    id: int
    digest: str
    signature: str

    @property
    def signed(self) -> bytes:
        """Return the bytes that the signature is of."""
        instant = self.at.isoformat(timespec="microseconds")
        return canonical(["head", self.number, instant, self.id, self.digest])


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is left of entries that were deleted when they were old enough.

    Attributes
    ----------
    upto, digest
        Number and hash of the last deleted entry: the first that is kept follows on it.
    count
        How many entries the deletion took.
    first_at, last_at
        Their instants.
    """

    at: dt.datetime
    actor: str
    upto: int
    digest: str
    count: int
    first_at: dt.datetime
    last_at: dt.datetime
    signature: str

    @property
    def signed(self) -> bytes:
        """Return the bytes that the signature is of."""
        instants = [
            at.astimezone(dt.UTC).isoformat(timespec="microseconds")
            for at in (self.at, self.first_at, self.last_at)
        ]
        return canonical(["checkpoint", *instants, self.actor, self.upto, self.digest, self.count])


SignatureHolds = Callable[[bytes, str], bool]
"""Tells whether a signature (base64) of some bytes was made with the key of this installation."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found.

    Attributes
    ----------
    count
        Entries looked at.
    heads
        Heads that were compared with them.
    uncovered
        Entries behind the newest head: if they were cut off, nobody could tell yet.
    faults
        What was changed, in words, in the order of the log; empty where all is as it was written.
    """

    count: int
    heads: int
    uncovered: int
    faults: tuple[str, ...]


def verify(
    entries: Iterable[Entry],
    heads: Sequence[Head],
    checkpoints: Sequence[Checkpoint],
    signature_holds: SignatureHolds,
    now: dt.datetime,
) -> Verdict:
    """Look for what was changed in the audit log since it was written.

    Parameters
    ----------
    entries
        All that the database holds, by id; read once, so they may be streamed.
    heads
        In the order of their file.
    checkpoints
        All, by ``upto``.
    signature_holds
        Checks a signature.
    now
        Nothing was written later than this.
    """
    start = checkpoints[-1] if checkpoints else None
    faults = [*_checkpoint_faults(checkpoints, signature_holds)]
    after, previous = (start.upto, start.digest) if start else (0, FIRST)
    wanted: dict[int, list[Head]] = {}
    for head in heads:
        if head.id > after:
            wanted.setdefault(head.id, []).append(head)
    last = heads[-1] if heads else None
    count, compared, late = 0, 0, 0
    before: dt.datetime | None = None
    for entry in entries:
        count += 1
        faults += _entry_faults(entry, after, previous)
        faults += _time_faults(entry, before, now)
        for head in wanted.pop(entry.id, ()):
            compared += 1
            if head.digest != entry.digest:
                faults.append(
                    f"{head.at:%Y-%m-%d} 写在库外的链头（第 {head.id} 条）与库中不同："
                    "这一条或它之前的记录被整段改写"
                )
        if last is None or (entry.id > last.id and entry.at > last.at + HEAD_EVERY + SLACK):
            late = late or entry.id
        after, previous, before = entry.id, entry.digest, entry.at
    faults += [
        f"{head.at:%Y-%m-%d} 写在库外的链头是第 {head.id} 条，库中最后是第 {after} 条："
        f"第 {after + 1} 至 {head.id} 条被删去"
        for missed in wanted.values()
        for head in missed
        if head.id > after
    ]
    if late:
        faults.append(
            f"第 {late} 条之后应有写在库外的链头而没有：链头文件被删去、被截断，或一直没有写成"
        )
    faults += _head_faults(heads, signature_holds, now)
    covered = max([start.upto if start else 0, *(head.id for head in heads)])
    return Verdict(count, compared, max(after - covered, 0), tuple(faults))


def _entry_faults(entry: Entry, after: int, previous: str) -> Iterator[str]:
    if entry.id != after + 1:
        yield f"第 {after + 1} 至 {entry.id - 1} 条不在：被删去"
    elif entry.previous != previous:
        yield f"{entry.name}与前一条接不上：前一条被改写过，或这一条是后来写的"
    found = digest(
        entry.id,
        entry.at,
        entry.actor,
        entry.address,
        entry.action,
        entry.target,
        entry.detail,
        entry.previous,
    )
    if found != entry.digest:
        yield f"{entry.name}的内容被改过：与它写下时的校验值不符"


def _time_faults(entry: Entry, before: dt.datetime | None, now: dt.datetime) -> Iterator[str]:
    if entry.at > now + SLACK:
        yield f"{entry.name}的时间在将来：写下它时时钟不对，或是伪造的"
    elif before is not None and entry.at < before - SLACK:
        yield f"{entry.name}的时间早于前一条：写下它时时钟被拨回，或是伪造的"


def _checkpoint_faults(
    checkpoints: Sequence[Checkpoint], signature_holds: SignatureHolds
) -> Iterator[str]:
    for checkpoint in checkpoints:
        if not signature_holds(checkpoint.signed, checkpoint.signature):
            yield f"清理到第 {checkpoint.upto} 条的检查点签名不符：检查点被改过或是伪造的"
    before = 0
    for checkpoint in checkpoints:
        if checkpoint.count != checkpoint.upto - before:
            yield f"清理到第 {checkpoint.upto} 条的检查点之前少了一个检查点"
        before = checkpoint.upto


def _head_faults(
    heads: Sequence[Head], signature_holds: SignatureHolds, now: dt.datetime
) -> Iterator[str]:
    for number, head in enumerate(heads, 1):
        if not signature_holds(head.signed, head.signature):
            yield f"{head.at:%Y-%m-%d} 写在库外的链头签名不符：链头文件被改过，或密钥换过"
        if head.number != number:
            yield f"{head.at:%Y-%m-%d} 的链头编号是 {head.number}，应为 {number}：链头文件少了行"
            return
        if head.at > now + SLACK:
            yield f"{head.at:%Y-%m-%d} 的链头时间在将来：写下它时时钟不对，或是伪造的"
    for one, next_ in pairwise(heads):
        if next_.id < one.id or next_.at < one.at:
            yield f"{next_.at:%Y-%m-%d} 的链头早于它前面的一行：链头文件的行被换过"
