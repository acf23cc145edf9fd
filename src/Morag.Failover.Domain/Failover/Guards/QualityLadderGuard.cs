using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>Picks the next rung of the quality ladder, by content type. After the last rung the task moves to the next queue.</summary>
internal sealed class QualityLadderGuard : IGuard
{
    public string Name => "quality_ladder";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        if (!choice.Traits.LowersQuality)
        {
            return Verdict.Stands(choice);
        }

        var ladder = LadderOf(failure.Task.ContentType, settings.Policy);
        var rung = failure.Task.QualityRung;
        return rung < ladder.Length
            ? Verdict.Stands(choice with { Rung = ladder[rung], Because = $"{choice.Because} (rung {rung + 1} of {ladder.Length})" })
            : Verdict.Overrules(
                FailoverStrategy.FallbackQueue,
                ladder.IsEmpty
                    ? "no quality rungs are configured for the content type of the task"
                    : $"the task ran out of resources at the lowest quality (rung {rung} of {ladder.Length})");
    }

    private static ImmutableArray<JsonText> LadderOf(string? contentType, PolicySettings settings) =>
        contentType is not null && settings.QualityLadder.TryGetValue(contentType, out var own) ? own
        : settings.QualityLadder.TryGetValue("*", out var any) ? any
        : [];
}
