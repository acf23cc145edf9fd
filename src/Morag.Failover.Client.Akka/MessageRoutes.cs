using System.Collections.Immutable;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Client.Akka;

/// <summary>A message and the path that it is sent to.</summary>
internal sealed record RoutedMessage(string Path, IWireMessage Message);

/// <summary>A part of a message, and the places of its entries in the whole.</summary>
internal sealed record MessagePart(RoutedMessage Routed, ImmutableArray<int> Places);

/// <summary>Which owner a message goes to. A message about tasks of several partitions becomes one message for each.</summary>
internal sealed class MessageRoutes(int queuePartitions, int directoryBuckets)
{
    private const int MaxSample = 100;

    /// <summary>The question whether there is room for a worker, to ask before it registers.</summary>
    public RoutedMessage Admission(RegisterWorker register) => new(
        FailoverClient.Directory,
        new AdmitWorker { Bucket = Partition.Of(register.WorkerId, directoryBuckets), WorkerId = register.WorkerId });

    /// <summary>The messages to send; at least one.</summary>
    /// <exception cref="NotSupportedException">No client sends this message.</exception>
    public IReadOnlyList<MessagePart> Split(IWireMessage message) => message switch
    {
        SubmitTasks submit => ByPartition(
            submit.Tasks, task => task.TaskId, (partition, tasks) => submit with { Partition = partition, Tasks = tasks }),
        CompleteTasks complete => ByPartition(
            complete.Completions, done => done.TaskId, (partition, done) => complete with { Partition = partition, Completions = done }),
        ReleaseLeases release => ByPartition(
            release.Leases, lease => lease.TaskId, (partition, leases) => release with { Partition = partition, Leases = leases }),
        ListTasks list => Each(queuePartitions, FailoverClient.Queues, partition => list with { Partition = partition }),
        SearchTasks search => Each(queuePartitions, FailoverClient.Queues, partition => search with { Partition = partition }),
        CancelTasks cancel => Each(queuePartitions, FailoverClient.Queues, partition => cancel with { Partition = partition }),
        RequeueTasks requeue => Each(queuePartitions, FailoverClient.Queues, partition => requeue with { Partition = partition }),
        ListWorkers list => Each(directoryBuckets, FailoverClient.Directory, bucket => list with { Bucket = bucket }),
        ReportFailure or GetTaskDecisions => Whole(FailoverClient.Coordinators, message),
        GetTask or CancelTask or RequeueTask or ExtendLease or ReportProgress => Whole(FailoverClient.Queues, message),
        GetQueueControl or PauseQueue or ResumeQueue or SetQueueLimits => Whole(FailoverClient.Queues, message),
        IAlertMessage => Whole(FailoverClient.Alerts, message),
        IWorkerMessage and not TakeWorkerOffline => Whole(FailoverClient.Workers, message),
        _ => throw new NotSupportedException(
            $"The transport over ClusterClient cannot carry {message.GetType().Name}. Use the HTTP transport (AddMoragFailover) for it."),
    };

    /// <summary>
    /// The reply to the whole message, with its entries in the order of the message. If a part was refused as a whole, each of its entries
    /// has the reason. If that is so for every entry, it is the reply.
    /// </summary>
    public static IWireMessage Join(IReadOnlyList<MessagePart> parts, IReadOnlyList<IWireMessage> replies)
    {
        if (parts[0].Places.IsEmpty)
        {
            // Part of a list, or of a bulk call, is not what was asked for.
            var refusals = replies.OfType<Refused>().ToList();
            return refusals.Count == 0
                ? JoinAll(parts[0].Routed.Message, replies)
                : PartRefusals.OfSome(parts[0].Routed.Message, replies.Count - refusals.Count, refusals);
        }

        IWireMessage joined = parts[0].Routed.Message switch
        {
            SubmitTasks => new TasksSubmitted { Results = InOrder(parts, replies, SubmissionsOf) },
            CompleteTasks or ReleaseLeases => new LeaseResults { Results = InOrder(parts, replies, LeasesOf) },
            var other => throw new InvalidOperationException($"{other.GetType().Name} has no parts"),
        };
        return AllRefused(joined) ?? joined;
    }

    private static IWireMessage JoinAll(IWireMessage asked, IReadOnlyList<IWireMessage> replies)
    {
        switch (asked)
        {
            case ListTasks list:
                var (tasks, moreTasks) = FirstPage(
                    list.Limit,
                    replies.Cast<TaskPage>().Select(page => (page.Tasks, page.HasMore)),
                    static (a, b) => string.CompareOrdinal(a.TaskId.Value, b.TaskId.Value));
                return new TaskPage { Tasks = tasks, HasMore = moreTasks };
            case SearchTasks search:
                var (matches, moreMatches) = FirstPage(
                    search.Limit,
                    replies.Cast<TaskMatches>().Select(page => (page.Tasks, page.HasMore)),
                    static (a, b) => string.CompareOrdinal(a.TaskId.Value, b.TaskId.Value));
                return new TaskMatches { Tasks = matches, HasMore = moreMatches };
            case ListWorkers list:
                var (workers, moreWorkers) = FirstPage(
                    list.Limit,
                    replies.Cast<WorkerPage>().Select(page => (page.Workers, page.HasMore)),
                    static (a, b) => string.CompareOrdinal(a.Registration.WorkerId.Value, b.Registration.WorkerId.Value));
                return new WorkerPage { Workers = workers, HasMore = moreWorkers };
            case CancelTasks or RequeueTasks:
                var affected = replies.Cast<TasksAffected>().ToList();
                return new TasksAffected
                {
                    Count = affected.Sum(part => part.Count),
                    Sample = [.. affected.SelectMany(part => part.Sample).Take(MaxSample)],
                };
            default:
                throw new InvalidOperationException($"{asked.GetType().Name} has no parts");
        }
    }

    private static (ImmutableArray<T> Entries, bool HasMore) FirstPage<T>(
        int limit, IEnumerable<(ImmutableArray<T> Entries, bool HasMore)> pages, Comparison<T> order)
    {
        var (entries, hasMore) = SortedPages.Merge([.. pages], order);
        return ([.. entries.Take(limit)], hasMore || entries.Count > limit);
    }

    /// <summary>
    /// The refusal of a submission of which no task can be accepted now; otherwise null. The HTTP API refuses the whole call too.
    /// </summary>
    public static Refused? AllRefused(IWireMessage reply) =>
        reply is TasksSubmitted { Results: [_, ..] results } && results.All(result => IsPassing(result.Refused))
            ? PartRefusals.OfAll([.. results.Select(result => result.Refused!)])
            : null;

    private static bool IsPassing(Refused? refused) => refused is { Reason: RefusalReason.LimitReached or RefusalReason.Unavailable };

    private static ImmutableArray<SubmissionResult> SubmissionsOf(IWireMessage part, IWireMessage reply) => reply is Refused refused
        ? [.. ((SubmitTasks)part).Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId, Refused = refused })]
        : ((TasksSubmitted)reply).Results;

    private static ImmutableArray<LeaseResult> LeasesOf(IWireMessage part, IWireMessage reply) => (part, reply) switch
    {
        (CompleteTasks complete, Refused refused) =>
        [
            .. complete.Completions.Select(done => new LeaseResult { TaskId = done.TaskId, Epoch = done.Epoch, Refused = refused }),
        ],
        (ReleaseLeases release, Refused refused) =>
        [
            .. release.Leases.Select(lease => new LeaseResult { TaskId = lease.TaskId, Epoch = lease.Epoch, Refused = refused }),
        ],
        _ => ((LeaseResults)reply).Results,
    };

    private static ImmutableArray<T> InOrder<T>(
        IReadOnlyList<MessagePart> parts,
        IReadOnlyList<IWireMessage> replies,
        Func<IWireMessage, IWireMessage, ImmutableArray<T>> resultsOf) =>
    [
        .. parts.Zip(replies, (part, reply) => part.Places.Zip(resultsOf(part.Routed.Message, reply))).SelectMany(entries => entries)
            .OrderBy(entry => entry.First).Select(entry => entry.Second),
    ];

    private static MessagePart[] Each(int count, string path, Func<int, IWireMessage> create) =>
        [.. Enumerable.Range(0, count).Select(number => new MessagePart(new RoutedMessage(path, create(number)), []))];

    private static MessagePart[] Whole(string path, IWireMessage message) => [new(new RoutedMessage(path, message), [])];

    private MessagePart[] ByPartition<T>(
        ImmutableArray<T> entries, Func<T, Contracts.Ids.TaskId> taskOf, Func<int, ImmutableArray<T>, IWireMessage> create) =>
    [
        .. entries.Index().GroupBy(entry => Partition.Of(taskOf(entry.Item), queuePartitions)).Select(group => new MessagePart(
            new RoutedMessage(FailoverClient.Queues, create(group.Key, [.. group.Select(entry => entry.Item)])),
            [.. group.Select(entry => entry.Index)])),
    ];
}
