using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Morag.Failover.Domain.Queues;

/// <summary>The lasting ids of failures of leases.</summary>
public static class FailureIds
{
    /// <summary>
    /// The id of the failure that ended a lease: the task's id and the epoch, so that every report of it comes to the same. Where that
    /// would be longer than an id may be, a hash stands for the task.
    /// </summary>
    public static FailureId Of(TaskId task, LeaseEpoch epoch)
    {
        var number = epoch.Value.ToString(CultureInfo.InvariantCulture);
        var name = task.Value.Length + 1 + number.Length <= Identifier.MaxLength
            ? task.Value
            : Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(task.Value)));
        return new($"{name}.{number}");
    }
}
