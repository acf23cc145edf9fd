using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// Derives the id of a failure, so that every report of the same failure names the same one. The formats are frozen: stored decisions
/// are found by them.
/// </summary>
public static class FailureIds
{
    /// <summary>
    /// The failure that ended a lease: the task's id, a dot, and the epoch. A hash replaces a task id that would make the result longer
    /// than <see cref="Identifier.MaxLength"/>.
    /// </summary>
    public static FailureId OfLease(TaskId task, LeaseEpoch epoch)
    {
        var number = epoch.Value.ToString(CultureInfo.InvariantCulture);
        var name = task.Value.Length + 1 + number.Length <= Identifier.MaxLength
            ? task.Value
            : Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(task.Value)));
        return new($"{name}.{number}");
    }

    /// <summary>The failure of a task outside every queue, which its reporter identified by an event id.</summary>
    public static FailureId OfReport(TaskId task, EventId name) =>
        new("e-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{task.Value}\n{name.Value}")).AsSpan(0, 16)));

    /// <summary>The decision that reverses the decision to park a task.</summary>
    public static FailureId OfUnpark(FailureId parked) => new(parked.Value + ".unpark");

    /// <summary>A failure that has not happened.</summary>
    /// <param name="drawn">An id that was drawn for the question.</param>
    public static FailureId OfImagined(string drawn) => new("imagined-" + drawn);

    /// <summary>The failure of a task outside every queue, for a report without an event id.</summary>
    /// <param name="drawn">An id that was drawn for this report.</param>
    public static FailureId OfUnnamedReport(string drawn) => new("r-" + drawn);
}
