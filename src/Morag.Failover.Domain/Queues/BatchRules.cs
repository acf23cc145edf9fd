using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Limits the size of calls that list many entries. The HTTP endpoints split large calls; a call from elsewhere, such as a cluster client,
/// is rejected if its event or reply would be too large to store or send.
/// </summary>
public static class BatchRules
{
    /// <summary>Measures a call with many entries and rejects it if it is too large. Other commands count 0 bytes.</summary>
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
            return new(
                Refused.Invalid(
                    field,
                    $"{field} has {entries} entries, and one call may have {CallLimits.MaxEntries}. Nothing was changed. Split the call."),
                0);
        }

        var bytes = WireSize.Of(command);
        return new(
            bytes > MessageLimits.MaxBatchBytes
                ? Refused.Invalid(
                    field,
                    $"{field} has {bytes} bytes, and one call may have {MessageLimits.MaxBatchBytes}. Nothing was changed. Split the call.")
                : null,
            bytes);
    }
}

/// <summary>The outcome of a <see cref="BatchRules"/> check.</summary>
/// <param name="Refusal">Why the call is rejected, with the field and the limit; null if it is accepted.</param>
/// <param name="Bytes">The size of the call by <see cref="WireSize"/>; 0 if it was not measured.</param>
public readonly record struct BatchCheck(Refused? Refusal, long Bytes);
