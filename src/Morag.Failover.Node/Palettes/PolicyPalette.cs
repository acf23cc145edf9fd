using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Palettes;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag policy</c>: the rules, and what they would decide.</summary>
internal static class PolicyPalette
{
    public static Palette Policy { get; } = new()
    {
        Name = "policy",
        Summary = "Show the rules of failover, and try them",
        Commands =
        [
            Get("show", "/policy/rules", "List the rules in force; of each type of failure, the first one that applies chooses") with
            {
                Columns =
                [
                    Column("failure", "failure_type"),
                    Column("rule", "rule"),
                    Column("strategy", "strategy"),
                    Column("first delay", "first_delay_seconds"),
                    Column("max retries", "max_retries"),
                    Column("reason", "reason"),
                ],
            },
            Get("settings", "/policy/settings", "Show the settings in force, and the guards") with { View = PaletteView.Record },
            Get("test", "/policy/test", "Say what would be decided if a task failed now; nothing changes") with
            {
                Arguments = [InQuery("type", "The kind of failure").OneOf<FailureType>() with { Required = true }],
                Options =
                [
                    InQuery("worker", "The worker on which it would fail (default: the one that holds the task)"),
                    InQuery("task", "The task that would fail (default: a task without a history)"),
                    InQuery("queue", "The queue of that task, if no queue holds it"),
                ],
                View = PaletteView.Explain,
            },
        ],
    };
}
