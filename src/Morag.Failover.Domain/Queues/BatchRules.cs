using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// How much one call may bring. The HTTP endpoints divide large calls; a call that comes from elsewhere, such as a cluster client, is
/// refused where its event or its answer would be too large to store or to send.
/// </summary>
public static class BatchRules
{
    /// <summary>Why a call with many entries is refused, naming the field and the limit; null where it is not.</summary>
    public static Refused? Refusal(object command) => command switch
    {
        SubmitTasks submit => Refusal("tasks", submit.Tasks.Length, submit),
        CompleteTasks complete => Refusal("completions", complete.Completions.Length, complete),
        ReleaseLeases release => Refusal("leases", release.Leases.Length, release),
        PinsRefused refused => Refusal("pins", refused.Pins.Length, refused),
        _ => null,
    };

    private static Refused? Refusal<T>(string field, int entries, T command)
    {
        if (entries > CallLimits.MaxEntries)
        {
            return Refused.Invalid(field, $"{field} may have at most {CallLimits.MaxEntries} entries in one call, not {entries}; nothing changed, send them in several calls");
        }

        var bytes = WireSize.Of(command);
        return bytes > MessageLimits.MaxBatchBytes
            ? Refused.Invalid(field, $"{field} may have at most {MessageLimits.MaxBatchBytes} bytes in one call, not {bytes}; nothing changed, send them in several calls")
            : null;
    }
}
