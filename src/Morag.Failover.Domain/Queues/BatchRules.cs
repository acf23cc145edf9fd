using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// How much one call may bring. The HTTP endpoints divide large calls; a call that comes from elsewhere, such as a cluster client, is
/// refused where its event or its answer would be too large to store or to send.
/// </summary>
public static class BatchRules
{
    /// <summary>Counts a call with many entries, and refuses it where it brings too much. Other commands are of no size.</summary>
    public static BatchCheck Check(object command) => command switch
    {
        SubmitTasks submit => Check("tasks", submit.Tasks.Length, submit),
        CompleteTasks complete => Check("completions", complete.Completions.Length, complete),
        ReleaseLeases release => Check("leases", release.Leases.Length, release),
        PinsRefused refused => Check("pins", refused.Pins.Length, refused),
        _ => default,
    };

    private static BatchCheck Check<T>(string field, int entries, T command)
    {
        if (entries > CallLimits.MaxEntries)
        {
            return new(Refused.Invalid(field, $"{field} may have at most {CallLimits.MaxEntries} entries in one call, not {entries}; nothing changed, send them in several calls"), 0);
        }

        var bytes = WireSize.Of(command);
        return new(
            bytes > MessageLimits.MaxBatchBytes
                ? Refused.Invalid(field, $"{field} may have at most {MessageLimits.MaxBatchBytes} bytes in one call, not {bytes}; nothing changed, send them in several calls")
                : null,
            bytes);
    }
}

/// <summary>What <see cref="BatchRules"/> found about a call.</summary>
/// <param name="Refusal">Why it is refused, naming the field and the limit; null where it is not.</param>
/// <param name="Bytes">Its size by <see cref="WireSize"/>; 0 where it was not counted.</param>
public readonly record struct BatchCheck(Refused? Refusal, long Bytes);
