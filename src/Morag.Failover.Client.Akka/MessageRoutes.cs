using System.Collections.Immutable;
using Morag.Failover.Actors.Hosting;
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
        ReportFailure or GetTaskDecisions => Whole(FailoverClient.Coordinators, message),
        GetTask or CancelTask or RequeueTask or ExtendLease => Whole(FailoverClient.Queues, message),
        IWorkerMessage => Whole(FailoverClient.Workers, message),
        _ => throw new NotSupportedException($"{message.GetType().Name} has no route in this client"),
    };

    /// <summary>The reply to the whole message, with its entries in the order of the message.</summary>
    public static IWireMessage Join(IReadOnlyList<MessagePart> parts, IReadOnlyList<IWireMessage> replies) => replies[0] switch
    {
        TasksSubmitted => new TasksSubmitted { Results = InOrder(parts, replies.Cast<TasksSubmitted>().Select(reply => reply.Results)) },
        LeaseResults => new LeaseResults { Results = InOrder(parts, replies.Cast<LeaseResults>().Select(reply => reply.Results)) },
        var other => throw new InvalidOperationException($"{other.GetType().Name} cannot be joined"),
    };

    private static ImmutableArray<T> InOrder<T>(IReadOnlyList<MessagePart> parts, IEnumerable<ImmutableArray<T>> results) =>
    [
        .. parts.Zip(results, (part, own) => part.Places.Zip(own)).SelectMany(entries => entries)
            .OrderBy(entry => entry.First).Select(entry => entry.Second),
    ];

    private static MessagePart[] Whole(string path, IWireMessage message) => [new(new RoutedMessage(path, message), [])];

    private MessagePart[] ByPartition<T>(
        ImmutableArray<T> entries, Func<T, Contracts.Ids.TaskId> taskOf, Func<int, ImmutableArray<T>, IWireMessage> create) =>
    [
        .. entries.Index().GroupBy(entry => Partition.Of(taskOf(entry.Item), queuePartitions)).Select(group => new MessagePart(
            new RoutedMessage(FailoverClient.Queues, create(group.Key, [.. group.Select(entry => entry.Item)])),
            [.. group.Select(entry => entry.Index)])),
    ];
}
