using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Palettes;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag audit</c>: what operators did.</summary>
internal static class AuditPalette
{
    public static Palette Audit { get; } = new()
    {
        Name = "audit",
        Summary = "List what operators did",
        Commands =
        [
            Get("list", "/audit", "List what operators did, newest first") with
            {
                Options =
                [
                    InQuery("by", "Only actions of the operator with this token name"),
                    InQuery("action", "Only this action").OneOf<AuditAction>(),
                    InQuery("target", "Only actions on this task, worker or queue"),
                    InQuery("since", "Only actions since this time, or since an age such as 2h") with { Type = ParameterType.Moment },
                    InQuery("until", "Only actions before this time, or before an age such as 1h") with { Type = ParameterType.Moment },
                ],
                Paged = true,
                Columns =
                [
                    Column("when", "at", ColumnFormat.Time),
                    Column("by", "by"),
                    Column("action", "action"),
                    Column("target", "target"),
                    Column("reason", "reason"),
                    Column("before", "before"),
                    Column("after", "after"),
                ],
            },
        ],
    };
}
