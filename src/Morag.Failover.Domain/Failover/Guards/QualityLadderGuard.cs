using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>Lower quality climbs a ladder of rungs, by content type; past its end a machine of another kind has to do.</summary>
internal sealed class QualityLadderGuard : IGuard
{
    public string Name => "quality_ladder";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        if (choice.Strategy != FailoverStrategy.DegradeQuality)
        {
            return Verdict.Stands(choice);
        }

        var ladder = LadderOf(failure.Task.ContentType, settings.Policy);
        var rung = failure.Task.QualityRung;
        return rung < ladder.Length
            ? Verdict.Stands(choice with { Rung = ladder[rung], Because = $"{choice.Because} (rung {rung + 1} of {ladder.Length})" })
            : Verdict.Overrules(
                FailoverStrategy.FallbackQueue,
                $"all {ladder.Length} rungs of the quality ladder are climbed, and the task still needs more than the machine has");
    }

    private static ImmutableArray<JsonText> LadderOf(string? contentType, PolicySettings settings) =>
        contentType is not null && settings.QualityLadder.TryGetValue(contentType, out var own) ? own
        : settings.QualityLadder.TryGetValue("*", out var any) ? any
        : [];
}
