using Akka.Actor;
using Morag.Failover.Actors;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http;

/// <summary>Sends the messages of HTTP calls to their owners with a timeout, and turns refusals and timeouts into problems.</summary>
internal sealed class FailoverGateway(
    IFailoverRegions regions, FailoverSettings settings, HttpApiSettings http, IHostApplicationLifetime lifetime, LostMembers lost)
{
    public IFailoverRegions Regions => regions;

    public FailoverSettings Settings => settings;

    public HttpApiSettings Http => http;

    /// <summary>Cancelled when the node begins to stop. Long polls and streams end then.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>Cancelled when another member leaves the cluster, possibly with the owner that a call waits for.</summary>
    public CancellationToken MemberLost => lost.Next;

    public Task<T> AskQueues<T>(IWireMessage message, CancellationToken cancellation)
        where T : class, IWireMessage => Ask<T>(regions.Queues, message, TimeSpan.Zero, cancellation);

    public Task<T> AskCoordinators<T>(IWireMessage message, CancellationToken cancellation)
        where T : class, IWireMessage => Ask<T>(regions.Coordinators, message, TimeSpan.Zero, cancellation);

    public Task<T> AskWorkers<T>(IWireMessage message, CancellationToken cancellation)
        where T : class, IWireMessage => Ask<T>(regions.Workers, message, TimeSpan.Zero, cancellation);

    /// <summary>Asks every queue partition.</summary>
    public Task<T[]> AskEveryQueue<T>(Func<int, IWireMessage> message, CancellationToken cancellation)
        where T : class, IWireMessage => AskEach<T>(regions.Queues, settings.Partitions.Queues, message, cancellation);

    /// <summary>Asks every coordinator.</summary>
    public Task<T[]> AskEveryCoordinator<T>(Func<int, IWireMessage> message, CancellationToken cancellation)
        where T : class, IWireMessage => AskEach<T>(regions.Coordinators, settings.Partitions.Coordinators, message, cancellation);

    /// <summary>Asks every bucket of the worker directory.</summary>
    public Task<T[]> AskEveryBucket<T>(Func<int, IWireMessage> message, CancellationToken cancellation)
        where T : class, IWireMessage => AskEach<T>(regions.Directory, settings.Partitions.DirectoryBuckets, message, cancellation);

    /// <summary>Asks an owner that may itself take up to <paramref name="wait"/>, and allows the answer timeout on top of that.</summary>
    /// <exception cref="ProblemException">The owner refused the message or did not answer in time.</exception>
    public async Task<T> Ask<T>(IActorRef region, IWireMessage message, TimeSpan wait, CancellationToken cancellation)
        where T : class, IWireMessage => await Answer(region, message, wait, cancellation) switch
        {
            T answer => answer,
            Refused refused => throw new ProblemException(Problem.Of(refused)),
            var other => throw new InvalidOperationException($"{message.GetType().Name} was answered with {other.GetType().Name}"),
        };

    /// <summary>Asks an owner whose reply can have several types, and returns refusals to the caller.</summary>
    public async Task<object> Answer(IActorRef region, IWireMessage message, TimeSpan wait, CancellationToken cancellation)
    {
        try
        {
            return await region.Ask<object>(message, http.AnswerTimeout + wait, cancellation);
        }
        catch (AskTimeoutException)
        {
            return Refused.Unavailable(
                $"{Addressee(region, message)} did not answer within {(http.AnswerTimeout + wait).TotalSeconds:0.###} s");
        }
    }

    /// <summary>Describes the owner that did not answer.</summary>
    private string Addressee(IActorRef region, IWireMessage message)
    {
        var (kind, count) = region.Equals(regions.Queues)
            ? ("queue partition", settings.Partitions.Queues)
            : ("coordinator", settings.Partitions.Coordinators);
        return message switch
        {
            IPartitionMessage numbered => $"{kind} {numbered.Partition}",
            ITaskMessage task => $"{kind} {Partition.Of(task.TaskId, count)}",
            IBucketMessage numbered => $"directory bucket {numbered.Bucket}",
            IWorkerMessage worker => $"the entity of worker {worker.WorkerId}",
            _ => "the owner",
        };
    }

    private Task<T[]> AskEach<T>(IActorRef region, int count, Func<int, IWireMessage> message, CancellationToken cancellation)
        where T : class, IWireMessage =>
        Task.WhenAll(Enumerable.Range(0, count).Select(number => Ask<T>(region, message(number), TimeSpan.Zero, cancellation)));
}
