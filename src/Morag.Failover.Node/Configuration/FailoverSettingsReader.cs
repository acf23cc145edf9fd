using System.Collections.Immutable;
using System.Text.Json;
using Akka.Configuration;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Node.Configuration;

/// <summary>Reads <see cref="FailoverSettings"/> from <c>morag.failover</c>. The settings records document the ranges.</summary>
public static class FailoverSettingsReader
{
    private const int MaxRungs = 20;

    /// <summary>Reads and validates all settings.</summary>
    /// <exception cref="ConfigurationRefusedException">A value is missing or invalid. The message names key, value and range.</exception>
    public static FailoverSettings Read(Config config)
    {
        var failover = new SettingsSection(config, "morag.failover");
        return new FailoverSettings
        {
            Policy = ReadPolicy(failover.Child("policy")),
            Queues = ReadQueues(failover.Child("queues")),
            Workers = ReadWorkers(failover.Child("workers")),
            Audit = ReadAudit(failover.Child("audit")),
            Alerts = AlertSettingsReader.Read(failover.Child("alerts")),
            Partitions = ReadPartitions(failover.Child("partitions")),
            Storage = ReadStorage(failover.Child("storage")),
        };
    }

    private static PolicySettings ReadPolicy(SettingsSection section) => new()
    {
        MaxRetries = section.Integer("max-retries", 0, 100),
        MaxFleetFailures = section.Integer("max-fleet-failures", 1, 1_000),
        NetworkRetryDelay = section.Duration("network-retry-delay", "0s", "1h"),
        NetworkMaxRetries = section.Integer("network-max-retries", 0, 100),
        TimeoutRetryDelay = section.Duration("timeout-retry-delay", "0s", "1h"),
        TimeoutMaxRetries = section.Integer("timeout-max-retries", 0, 100),
        BreakerOnTimeoutFrom = section.Integer("breaker-on-timeout-from", 1, 1_000),
        ReassignDelay = section.Duration("reassign-delay", "0s", "1h"),
        MaxDelay = section.Duration("max-delay", "1s", "24h"),
        Jitter = section.Number("jitter", 0, 1),
        QualityDegradation = section.Switch("quality-degradation"),
        QualityLadder = ReadLadder(section.Child("quality-ladder")),
        PoisonProcessingWorkers = section.Integer("poison-processing-workers", 2, 100),
        PoisonLostWorkers = section.Integer("poison-lost-workers", 2, 100),
        MassLossWorkers = section.Integer("mass-loss-workers", 2, 10_000),
        MassLossWindow = section.Duration("mass-loss-window", "1s", "10m"),
        HistoryKept = section.Duration("history-kept", "1h", "365d"),
        MaxFailuresKept = section.Integer("max-failures-kept", 100, 10_000_000),
        MaxInProgress = section.Integer("max-in-progress", 10, 1_000_000),
        MaxHistoryBytes = section.Size("max-history-bytes", "1MiB", "1024GiB"),
    };

    private static AuditSettings ReadAudit(SettingsSection section) => new()
    {
        Retention = section.Duration("retention", "1h", "3650d"),
        MaxBytes = section.Size("max-bytes", "64KiB", "1024GiB"),
    };

    private static ImmutableSortedDictionary<string, ImmutableArray<JsonText>> ReadLadder(SettingsSection section) =>
        section.Keys().ToImmutableSortedDictionary(
            contentType => contentType,
            contentType =>
            {
                var rungs = section.Texts(contentType);
                return rungs.Count <= MaxRungs
                    ? rungs.Select(rung => ReadRung(section, contentType, rung)).ToImmutableArray()
                    : throw section.Refused(contentType, $"{rungs.Count} rungs", $"up to {MaxRungs} rungs are allowed");
            });

    private static JsonText ReadRung(SettingsSection section, string contentType, string rung)
    {
        try
        {
            using var json = JsonDocument.Parse(rung);
            var settings = JsonText.From(json.RootElement);
            if (json.RootElement.ValueKind == JsonValueKind.Object && settings.BrokenRule(TaskLimits.MaxQualityBytes) is null)
            {
                return settings;
            }
        }
        catch (JsonException)
        {
            // Rejected below, like any other text that is not a JSON object.
        }

        throw section.Refused(
            contentType,
            rung,
            $"each rung must be the text of a JSON object of at most {TaskLimits.MaxQualityBytes} bytes and {JsonDepth.MaxOfValue} levels");
    }

    private static QueueSettings ReadQueues(SettingsSection section) => new()
    {
        Definitions = ReadDefinitions(section.Child("definitions")),
        UnservedAfter = section.Duration("unserved-after", "1s", "30d"),
        PinLapse = section.Duration("pin-lapse", "0s", "24h"),
        MaxTasks = section.Integer("max-tasks", 1, 10_000_000),
        MaxBytes = section.Size("max-bytes", "1MiB", "1024GiB"),
        MaxPayload = (int)section.Size("max-payload", Bytes(TaskLimits.LeastMaxPayloadBytes), Bytes(TaskLimits.MostMaxPayloadBytes)),
        FinishedKept = section.Integer("finished-kept", 0, 1_000_000),
        FinishedBytesKept = section.Size("finished-bytes-kept", "0B", "1024GiB"),
        FinishedKeptFor = section.Duration("finished-kept-for", "1m", "365d"),
        HistoryKept = section.Integer("history-kept", 10, 1_000),
        OutcomeInterval = section.Duration("outcome-interval", "0s", "10s"),
        ResendAfter = section.Duration("resend-after", "100ms", "1m"),
        LeaseProtection = section.Number("lease-protection", 0, 1),
        ProgressProtection = section.Number("progress-protection", 0, 9),
        ProgressInterval = section.Duration("progress-interval", "0s", "10m"),
    };

    private static string Bytes(int bytes) => bytes % (1024 * 1024) == 0
        ? FormattableString.Invariant($"{bytes / (1024 * 1024)}MiB")
        : FormattableString.Invariant($"{bytes / 1024}KiB");

    private static ImmutableArray<QueueDefinition> ReadDefinitions(SettingsSection section)
    {
        var names = section.Keys();
        return
        [
            .. names
                .Select(name => ReadDefinition(section.Child(name), name, names))
                .OrderByDescending(queue => queue.Weight)
                .ThenBy(queue => queue.Name.Value, StringComparer.Ordinal),
        ];
    }

    private static QueueDefinition ReadDefinition(SettingsSection section, string name, IReadOnlyList<string> names)
    {
        if (!Identifier.IsValid(name))
        {
            throw ConfigurationRefusedException.Value(section.Path, name, Identifier.Rule);
        }

        var next = section.Text("falls-back-to");
        if (next.Length > 0 && (next == name || !names.Contains(next)))
        {
            throw section.Refused("falls-back-to", next, "the name of another defined queue is allowed, or \"\" for none");
        }

        return new QueueDefinition
        {
            Name = new QueueName(name),
            Gpu = section.Text("served-by") switch
            {
                "gpu" => true,
                "cpu" => false,
                var other => throw section.Refused("served-by", other, "gpu or cpu is allowed"),
            },
            FallsBackTo = next.Length > 0 ? new QueueName(next) : null,
            PerWorker = section.Integer("per-worker", QueueLimits.MinPerWorker, QueueLimits.MaxPerWorker),
            Weight = section.Number("weight", 0, QueueLimits.MaxWeight, aboveLeast: true),
            Timeout = section.Duration("timeout", "1s", "30d"),
            Placement = ReadPlacement(section),
            UnservedAfter = section.Keys().Contains("unserved-after") ? section.Duration("unserved-after", "1s", "30d") : null,
        };
    }

    private static Placement ReadPlacement(SettingsSection section) => section.Keys().Contains("placement")
        ? section.Text("placement") switch
        {
            "spread" => Placement.Spread,
            "pack" => Placement.Pack,
            var other => throw section.Refused("placement", other, "spread or pack is allowed"),
        }
        : Placement.Spread;

    private static WorkerSettings ReadWorkers(SettingsSection section)
    {
        var workers = new WorkerSettings
        {
            Timeout = section.Duration("timeout", "1s", "24h"),
            SuspectPhi = section.Number("suspect-phi", 0, 100, aboveLeast: true),
            OfflinePhi = section.Number("offline-phi", 0, 200, aboveLeast: true),
            AcceptableHeartbeatPause = section.Duration("acceptable-heartbeat-pause", "0s", "10m"),
            MinHeartbeatDeviation = section.Duration("min-heartbeat-deviation", "1ms", "1m"),
            HeartbeatSamples = section.Integer("heartbeat-samples", 10, 1_000),
            SessionGrace = section.Duration("session-grace", "0s", "10m"),
            BreakerThreshold = section.Integer("breaker-threshold", 1, 1_000),
            BreakerOpenFor = section.Duration("breaker-open-for", "1s", "24h"),
            BreakerMaxOpenFor = section.Duration("breaker-max-open-for", "1s", "30d"),
            BreakerProbes = section.Integer("breaker-probes", 1, 100),
            BreakerProbeTimeout = section.Duration("breaker-probe-timeout", "1s", "24h"),
            DegradedAfter = section.Duration("degraded-after", "1s", "24h"),
            SeenInterval = section.Duration("seen-interval", "1s", "10m"),
            MaxWaitingCalls = section.Integer("max-waiting-calls", 1, 10_000),
            MaxRegistered = section.Integer("max-registered", 1, 1_000_000),
            ForgetAfter = section.Duration("forget-after", "1m", "365d"),
            InterestKept = section.Duration("interest-kept", "1m", "24h"),
            InterestRenewed = section.Duration("interest-renewed", "10s", "12h"),
            WakeRate = section.Integer("wake-rate", 1, 100_000),
            FreezeTolerance = section.Duration("freeze-tolerance", "100ms", "1m"),
        };

        if (workers.OfflinePhi <= workers.SuspectPhi)
        {
            throw section.Refused(
                "offline-phi", section.Text("offline-phi"), $"a number above suspect-phi ({section.Text("suspect-phi")}) is allowed");
        }

        if (workers.BreakerMaxOpenFor < workers.BreakerOpenFor)
        {
            throw section.Refused(
                "breaker-max-open-for",
                section.Text("breaker-max-open-for"),
                $"a duration of at least breaker-open-for ({section.Text("breaker-open-for")}) is allowed");
        }

        if (workers.InterestRenewed * 2 > workers.InterestKept)
        {
            throw section.Refused(
                "interest-renewed",
                section.Text("interest-renewed"),
                $"at most half of interest-kept ({section.Text("interest-kept")}) is allowed");
        }

        return workers;
    }

    private static PartitionSettings ReadPartitions(SettingsSection section) => new()
    {
        Queues = section.Integer("queues", 1, 256),
        Coordinators = section.Integer("coordinators", 1, 256),
        DirectoryBuckets = section.Integer("directory-buckets", 1, 256),
        WorkerShards = section.Integer("worker-shards", 1, 10_000),
    };

    private static StorageSettings ReadStorage(SettingsSection section) => new()
    {
        SnapshotEvery = section.Integer("snapshot-every", 100, 10_000_000),
        SmallSnapshotEvery = section.Integer("small-snapshot-every", 10, 10_000_000),
        SnapshotBytes = section.Size("snapshot-bytes", "1MiB", "1024GiB"),
        SnapshotsKept = section.Integer("snapshots-kept", 1, 10),
        SnapshotPartBytes = (int)section.Size("snapshot-part-bytes", "16KiB", "1MiB"),
    };
}
