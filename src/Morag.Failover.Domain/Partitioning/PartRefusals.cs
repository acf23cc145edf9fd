using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Partitioning;

/// <summary>The one refusal of a call that went to several owners.</summary>
public static class PartRefusals
{
    /// <summary>The refusal to answer with when every part was refused: one whose outcome is unknown, otherwise the first.</summary>
    /// <param name="refusals">At least one.</param>
    public static Refused OfAll(IReadOnlyCollection<Refused> refusals)
    {
        ArgumentNullException.ThrowIfNull(refusals);
        return refusals.FirstOrDefault(refused => refused is { Reason: RefusalReason.Unavailable, Owner: null }) ?? refusals.First();
    }

    /// <summary>
    /// The refusal to answer with when some parts were refused. If others changed tasks, it does not say that nothing was done, because
    /// callers repeat such a call.
    /// </summary>
    /// <param name="message">The message of a part.</param>
    /// <param name="accepted">How many parts were carried out.</param>
    /// <param name="refusals">Why the others were not; at least one.</param>
    public static Refused OfSome(IWireMessage message, int accepted, IReadOnlyCollection<Refused> refusals)
    {
        var refused = OfAll(refusals);
        return accepted > 0 && message is CancelTasks { DryRun: false } or RequeueTasks { DryRun: false } or ChangeTasks { DryRun: false }
            ? Refused.Unavailable($"The call was carried out in {accepted} partitions and refused in {refusals.Count}: {refused.Message}")
            : refused;
    }
}
