using System.Globalization;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Alerts;

/// <summary>A condition that holds now.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="Component">The queue, worker, node or owner.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Message">What happened, what it affects and what to do.</param>
/// <param name="Value">The measured value; null if the rule measures nothing.</param>
/// <param name="Threshold">The limit; null if the rule measures nothing.</param>
public sealed record AlertFinding(
    AlertKind Kind, string Component, AlertSeverity Severity, string Message, double? Value = null, double? Threshold = null)
{
    /// <summary>The most characters of a message. Reasons that other components give can be long.</summary>
    public const int MaxMessage = 1_000;

    /// <summary>What happened, what it affects and what to do.</summary>
    public string Message { get; init; } = Message.Length <= MaxMessage ? Message : Message[..MaxMessage] + "…";

    /// <summary>Identifies what it is about.</summary>
    public string Key => $"{WireName.Of(Kind)}:{Component}";
}

/// <summary>
/// Finds the conditions that need attention. A pure function of the facts. A condition with a threshold that has an open alert holds until
/// its value is clearly below the threshold (<see cref="AlertSettings.Hysteresis"/>).
/// </summary>
public static class AlertRules
{
    /// <summary>The conditions that hold.</summary>
    /// <param name="facts">The facts.</param>
    /// <param name="isOpen">Whether there is an open alert with a key.</param>
    /// <param name="settings">The thresholds.</param>
    public static ImmutableArray<AlertFinding> Evaluate(AlertFacts facts, Func<string, bool> isOpen, AlertSettings settings) =>
    [
        .. from finding in facts.Queues.SelectMany(queue => OfQueue(queue, settings))
               .Concat(facts.Workers.SelectMany(worker => OfWorker(worker, settings)))
               .Concat(OfFailures(facts, settings))
               .Concat(OfStore(facts, settings))
               .Concat(OfNodes(facts))
           where !settings.Off.Contains(finding.Kind) && Holds(finding, isOpen(finding.Key), settings)
           group finding by finding.Kind into ofKind
           from listed in AtMost(settings.MaxOpenOfKind, [.. ofKind.DistinctBy(finding => finding.Key)], isOpen)
           select listed,
    ];

    /// <summary>Where the facts of a rule come from.</summary>
    public static AlertSource SourceOf(AlertKind kind) => kind switch
    {
        AlertKind.TasksParked or AlertKind.QueueOld or AlertKind.QueueUnserved => AlertSource.Queues,
        AlertKind.BreakerOpen or AlertKind.WorkerLost or AlertKind.WorkerFlapping => AlertSource.Workers,
        AlertKind.FailureRate => AlertSource.Failures,
        AlertKind.NodeUnreachable => AlertSource.Members,
        AlertKind.StoreSlow or AlertKind.StoreFull => AlertSource.Nodes,
        AlertKind.OwnerDown => AlertSource.Owners,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such rule."),
    };

    private static bool Holds(AlertFinding finding, bool isOpen, AlertSettings settings) =>
        finding is not { Value: { } value, Threshold: { } threshold }
        || value >= (isOpen ? threshold * (1 - settings.Hysteresis) : threshold);

    private static IEnumerable<AlertFinding> OfQueue(QueueFacts queue, AlertSettings settings)
    {
        var stats = queue.Stats;
        var name = stats.QueueType.Value;
        if (stats.ParkedTasks > 0)
        {
            yield return new AlertFinding(
                AlertKind.TasksParked,
                name,
                AlertSeverity.Warning,
                $"Queue {name} has {Counted.Of(stats.ParkedTasks, "parked task")}, which will not run again by themselves. "
                + "`morag task list --state parked` lists them.",
                stats.ParkedTasks,
                1);
        }

        if (stats.Pause is not null)
        {
            // An operator holds its tasks back on purpose.
            yield break;
        }

        if (stats.UnservedBecause is { } unserved)
        {
            yield return new AlertFinding(
                AlertKind.QueueUnserved, name, AlertSeverity.Error, $"Tasks of queue {name} cannot run: {unserved}.");
        }

        if (queue.OldestWaiting is { } waited)
        {
            yield return new AlertFinding(
                AlertKind.QueueOld,
                name,
                AlertSeverity.Warning,
                $"A task of queue {name} has waited for {Text(waited)}. Add workers, or look at `morag queue show {name}`.",
                waited.TotalSeconds,
                settings.QueueAge.TotalSeconds);
        }
    }

    /// <summary>
    /// The findings of one kind, those with open alerts first, so that what comes and goes beyond the limit changes no other alert. One
    /// finding stands for all beyond it, until half of the limit is enough for all: if another one were listed for each that is over, the
    /// end of an incident would raise more alerts than its beginning.
    /// </summary>
    private static IEnumerable<AlertFinding> AtMost(int most, ImmutableArray<AlertFinding> ofKind, Func<string, bool> isOpen)
    {
        var others = ofKind[0] with { Component = Alert.Others };
        var isBeyond = isOpen(others.Key);
        if (ofKind.Length <= (isBeyond ? Math.Max(1, most / 2) : most))
        {
            return ofKind;
        }

        var ordered = ofKind.OrderByDescending(finding => isOpen(finding.Key))
            .ThenBy(finding => finding.Key, StringComparer.Ordinal)
            .ToList();
        var kind = ordered[0].Kind;

        // Never fewer than are open: one that is left out would count as over.
        var open = ordered.Count(finding => isOpen(finding.Key));
        var listed = isBeyond ? open : Math.Max(most, open);
        var left = ordered.Count - listed;
        return left <= 0 ? ordered : ordered.Take(listed).Append(new AlertFinding(
            kind,
            Alert.Others,
            ordered.Max(finding => finding.Severity),
            $"{Counted.Of(left, "more alert")} of kind {WireName.Of(kind)} {(left == 1 ? "is" : "are")} not listed one by one. "
            + "Something that they have in common may have failed.",
            left,
            1));
    }

    private static IEnumerable<AlertFinding> OfWorker(TroubledWorker worker, AlertSettings settings)
    {
        var id = worker.WorkerId.Value;
        if (worker.BreakerIsOpen)
        {
            yield return new AlertFinding(
                AlertKind.BreakerOpen,
                id,
                AlertSeverity.Warning,
                $"The breaker of worker {id} is open, so the worker gets no tasks. `morag worker show {id}` says why.");
        }

        if (worker.IsLost)
        {
            yield return new AlertFinding(
                AlertKind.WorkerLost,
                id,
                AlertSeverity.Warning,
                $"Worker {id} is lost. Its tasks move to other workers. Restart it, or unregister it if it will not come back.");
        }

        yield return new AlertFinding(
            AlertKind.WorkerFlapping,
            id,
            AlertSeverity.Error,
            $"Worker {id} was lost {Counted.Of(worker.LossesInHour, "time")} within an hour while it held tasks. "
            + "Drain it and look at its machine and network.",
            worker.LossesInHour,
            settings.FlappingLosses);
    }

    private static IEnumerable<AlertFinding> OfFailures(AlertFacts facts, AlertSettings settings)
    {
        if (facts.Ended >= settings.FailureRateAttempts)
        {
            var rate = (double)facts.Failed / facts.Ended;
            yield return new AlertFinding(
                AlertKind.FailureRate,
                "tasks",
                AlertSeverity.Error,
                $"{Percent(rate)} of the attempts in the last few minutes failed. `morag failure list --since 10m` shows them.",
                rate,
                settings.FailureRate);
        }
    }

    private static IEnumerable<AlertFinding> OfStore(AlertFacts facts, AlertSettings settings)
    {
        foreach (var (node, latency) in facts.StoreLatency)
        {
            yield return new AlertFinding(
                AlertKind.StoreSlow,
                node,
                AlertSeverity.Warning,
                $"Writes of node {node} to Redis take up to {Text(latency)}, and calls wait as long. "
                + "Look at the load and the disk of Redis.",
                latency.TotalSeconds,
                settings.StoreLatency.TotalSeconds);
        }

        if (facts.StoreUse is { } use)
        {
            yield return new AlertFinding(
                AlertKind.StoreFull,
                "store",
                AlertSeverity.Critical,
                $"Redis uses {Percent(use)} of its memory. When it is full, nothing can be stored. Raise its limit, or keep fewer tasks.",
                use,
                settings.StoreUse);
        }
    }

    private static IEnumerable<AlertFinding> OfNodes(AlertFacts facts)
    {
        foreach (var node in facts.UnreachableNodes)
        {
            yield return new AlertFinding(
                AlertKind.NodeUnreachable,
                node,
                AlertSeverity.Error,
                $"Other nodes cannot reach node {node}. `morag cluster nodes` shows them.");
        }

        foreach (var owner in facts.Owners)
        {
            yield return new AlertFinding(
                AlertKind.OwnerDown,
                owner.Owner,
                AlertSeverity.Critical,
                $"{owner.Owner} does not serve: {owner.Reason}. Calls that need it get 503. `morag cluster alerts` shows since when.");
        }
    }

    private static string Percent(double share) => share.ToString("0 %", CultureInfo.InvariantCulture);

    private static string Text(TimeSpan time) => time.TotalSeconds < 120
        ? time.TotalSeconds.ToString("0.# s", CultureInfo.InvariantCulture)
        : time.TotalMinutes.ToString("0 'min'", CultureInfo.InvariantCulture);
}
