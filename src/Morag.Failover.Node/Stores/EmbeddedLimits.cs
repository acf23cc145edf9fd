using System.Globalization;
using Morag.EmbeddedRedis;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// The limits that apply with the embedded Redis. It keeps all data in memory, and the operating system would kill it if it exceeded the
/// available memory, so limits that its memory cannot hold are lowered.
/// </summary>
public static class EmbeddedLimits
{
    private const long Mebibyte = 1L << 20;

    /// <summary>Bytes per task in the store beyond those that <c>max-bytes</c> counts: ids, times, the entry in Redis.</summary>
    private const int TaskOverhead = 400;

    /// <summary>The settings in force: the configured ones, lowered where they exceed the memory. None is raised.</summary>
    /// <param name="given">The configured settings.</param>
    /// <param name="memory">The memory limit of the embedded Redis in bytes.</param>
    /// <exception cref="ConfigurationRefusedException">The memory cannot hold one task in each partition.</exception>
    public static FailoverSettings InForce(FailoverSettings given, long memory)
    {
        var (queues, coordinators) = (given.Partitions.Queues, given.Partitions.Coordinators);
        var room = RoomOfState(given, memory);

        // The failure history gets a quarter, or more if the tasks leave more.
        var tasks = queues * StateOf(given.Queues);
        var history = Math.Min(given.Policy.MaxHistoryBytes, Math.Max(room / 4, room - tasks) / coordinators);
        var force = Fitting(given.Queues, (room - (history * coordinators)) / queues);
        if (force.MaxBytes < Math.Min(given.Queues.MaxBytes, given.Queues.MaxPayload + TaskOverhead))
        {
            throw ConfigurationRefusedException.Value(
                "morag.embedded.memory",
                string.Create(CultureInfo.InvariantCulture, $"{memory / Mebibyte}MiB"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"each of {Counted.Of(queues, "queue partition")} could hold {force.MaxBytes / 1024} KiB, ")
                + "less than one task of max-payload. Raise it, lower max-payload or partitions.queues, or set morag.redis to a "
                + "Redis server");
        }

        return given with
        {
            Queues = force,
            Policy = given.Policy with { MaxHistoryBytes = history },
            Storage = given.Storage with { SnapshotBytes = Math.Min(history, given.Storage.SnapshotBytes) },
        };
    }

    /// <summary>One line for the operator with the limits in force and the configured values of those that were lowered.</summary>
    /// <param name="options">The options of a node that runs an embedded Redis.</param>
    public static string Describe(NodeOptions options)
    {
        var (given, force) = (options.FailoverAsGiven, options.Failover);
        var limits = new[]
        {
            Value("max-tasks", given.Queues.MaxTasks, force.Queues.MaxTasks),
            Size("max-bytes", given.Queues.MaxBytes, force.Queues.MaxBytes),
            Value("finished-kept", given.Queues.FinishedKept, force.Queues.FinishedKept),
            Size("finished-bytes-kept", given.Queues.FinishedBytesKept, force.Queues.FinishedBytesKept),
            Size("max-history-bytes", given.Policy.MaxHistoryBytes, force.Policy.MaxHistoryBytes),
            Size("snapshot-bytes", given.Storage.SnapshotBytes, force.Storage.SnapshotBytes),
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Limits with an embedded Redis of {options.EmbeddedMemory / Mebibyte} MiB: {string.Join(", ", limits)}. ")
            + (given == force
                ? "All are as configured"
                : "To raise them, raise morag.embedded.memory or set morag.redis to a Redis server");
    }

    /// <summary>
    /// Whether the store has room for new tasks. Data outside the limits, such as that of many workers, can also fill it.
    /// </summary>
    /// <param name="embedded">The embedded Redis; null with an external Redis server.</param>
    public static StoreRoom RoomOf(EmbeddedRedis.EmbeddedRedis? embedded) => embedded is null
        ? StoreRoom.Unlimited
        : new(() => embedded.IsFull
            ? "The embedded Redis is full: its data has reached the limit of morag.embedded.memory. Retry when tasks have finished, raise "
                + "the setting, or set morag.redis to a Redis server."
            : null);

    /// <summary>
    /// The bytes available for the state of all queue partitions and coordinators. Each journal holds the retained snapshots, the one being
    /// written, and before each of them events of up to the same size. A quarter of the memory is left for everything else.
    /// </summary>
    private static long RoomOfState(FailoverSettings settings, long memory)
    {
        var data = new EmbeddedRedisOptions { DataFolder = "", Memory = memory }.DataLimit;
        return data / 4 * 3 / (2 * (settings.Storage.SnapshotsKept + 1));
    }

    private static long StateOf(QueueSettings queues) => NeedsOf(queues).Sum();

    /// <summary>The bytes that each of the four limits allows the state of a partition.</summary>
    private static long[] NeedsOf(QueueSettings queues) =>
        [queues.MaxBytes, queues.FinishedBytesKept, (long)queues.MaxTasks * TaskOverhead, (long)queues.FinishedKept * TaskOverhead];

    /// <summary>
    /// The limits for a partition with <paramref name="room"/> bytes. A limit at or below its default share is kept; the others are lowered
    /// in proportion.
    /// </summary>
    private static QueueSettings Fitting(QueueSettings given, long room)
    {
        var needs = NeedsOf(given);
        var defaults = NeedsOf(new QueueSettings());
        var stays = needs.Zip(defaults, (need, usual) => need <= usual * Math.Min(1, (double)room / defaults.Sum())).ToList();
        var kept = needs.Where((_, index) => stays[index]).Sum();
        var share = kept == needs.Sum() ? 1 : Math.Min(1, (double)(room - kept) / (needs.Sum() - kept));
        double Share(int index) => stays[index] ? 1 : share;
        return given with
        {
            MaxBytes = (long)(given.MaxBytes * Share(0)),
            FinishedBytesKept = (long)(given.FinishedBytesKept * Share(1)),
            MaxTasks = Math.Max(1, (int)(given.MaxTasks * Share(2))),
            FinishedKept = (int)(given.FinishedKept * Share(3)),
        };
    }

    private static string Value(string name, long given, long force) => Compared(name, given, force, 1, "");

    private static string Size(string name, long given, long force) => Compared(name, given, force, Mebibyte, " MiB");

    private static string Compared(string name, long given, long force, long unit, string unitName) => string.Create(
        CultureInfo.InvariantCulture,
        $"{name} {Amount(force, unit)}{unitName}{(force < given ? $" (configured {Amount(given, unit)})" : "")}");

    /// <summary>Precise enough that a small limit does not appear as zero.</summary>
    private static string Amount(long value, long unit) => value < 10 * unit && value % unit != 0
        ? ((double)value / unit).ToString("0.0##", CultureInfo.InvariantCulture)
        : (value / unit).ToString("N0", CultureInfo.InvariantCulture);
}
