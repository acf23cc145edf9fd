using System.Globalization;
using Morag.EmbeddedRedis;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Stores;

/// <summary>
/// The limits that hold with the embedded Redis. It keeps all data in memory and would be ended by the system if it took more than
/// there is, so it is promised no more than the memory it may take is enough for.
/// </summary>
public static class EmbeddedLimits
{
    private const long Mebibyte = 1L << 20;

    /// <summary>What a task takes in the store besides the bytes that <c>max-bytes</c> counts: its ids, its times, its entry in Redis.</summary>
    private const int TaskOverhead = 400;

    /// <summary>The settings, with those lowered that allow more than fits. None is raised.</summary>
    /// <param name="given">The settings as they were given.</param>
    /// <param name="memory">The memory that the embedded Redis may take, in bytes.</param>
    /// <exception cref="ConfigurationRefusedException">The memory is not enough for one task in each partition.</exception>
    public static FailoverSettings InForce(FailoverSettings given, long memory)
    {
        var (queues, coordinators) = (given.Partitions.Queues, given.Partitions.Coordinators);
        var room = RoomOfState(given, memory);

        // The failures get a quarter of it, or what the tasks leave.
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
                    $"each of {queues} queue partitions could hold {force.MaxBytes / 1024} KiB, which is less than one task of max-payload. Raise it, lower max-payload or partitions.queues, or set morag.redis to a Redis server"));
        }

        return given with
        {
            Queues = force,
            Policy = given.Policy with { MaxHistoryBytes = history },
            Storage = given.Storage with { SnapshotBytes = Math.Min(history, given.Storage.SnapshotBytes) },
        };
    }

    /// <summary>The values in force, and which of them are lower than they were given, as one line for the operator.</summary>
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
            $"Limits in force with the embedded Redis, which may take {options.EmbeddedMemory / Mebibyte} MiB of memory: {string.Join(", ", limits)}. ")
            + (given == force ? "All are as configured" : "For more, raise morag.embedded.memory or set morag.redis to a Redis server");
    }

    /// <summary>Whether there is room for new tasks. Data that no limit counts, such as that of many workers, can fill the store too.</summary>
    /// <param name="embedded">The embedded Redis, or null where there is a Redis server.</param>
    public static StoreRoom RoomOf(EmbeddedRedis.EmbeddedRedis? embedded) => embedded is null
        ? StoreRoom.Unlimited
        : new(() => embedded.IsFull
            ? "the embedded Redis is full: its data has reached the limit of morag.embedded.memory. Retry when tasks have ended, raise the setting, or set morag.redis to a Redis server"
            : null);

    /// <summary>
    /// The bytes that the state of all queue partitions and coordinators may take. The journal of each holds the snapshots that are kept and
    /// the one that is being written, and before each of them events of up to the same size. A quarter is left to everything else.
    /// </summary>
    private static long RoomOfState(FailoverSettings settings, long memory)
    {
        var data = new EmbeddedRedisOptions { DataFolder = "", Memory = memory }.DataLimit;
        return data / 4 * 3 / (2 * (settings.Storage.SnapshotsKept + 1));
    }

    private static long StateOf(QueueSettings queues) => NeedsOf(queues).Sum();

    /// <summary>The bytes that each of the four limits lets the state of a partition take.</summary>
    private static long[] NeedsOf(QueueSettings queues) =>
        [queues.MaxBytes, queues.FinishedBytesKept, (long)queues.MaxTasks * TaskOverhead, (long)queues.FinishedKept * TaskOverhead];

    /// <summary>
    /// The limits for a partition that may take so many bytes. A limit that is no higher than it would be by default stays as it is; the
    /// others are lowered in proportion.
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

    /// <summary>Exact enough that a small limit does not read as none.</summary>
    private static string Amount(long value, long unit) => value < 10 * unit && value % unit != 0
        ? ((double)value / unit).ToString("0.0##", CultureInfo.InvariantCulture)
        : (value / unit).ToString("N0", CultureInfo.InvariantCulture);
}
