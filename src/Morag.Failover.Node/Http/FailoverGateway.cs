using Akka.Actor;
using Morag.Failover.Actors;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http;

/// <summary>The way from a call to the owners: asks, waits for at most so long, and turns refusals and silence into problems.</summary>
internal sealed class FailoverGateway(
    IFailoverRegions regions, FailoverSettings settings, HttpApiSettings http, IHostApplicationLifetime lifetime, LostMembers lost)
{
    public IFailoverRegions Regions => regions;

    public FailoverSettings Settings => settings;

    public HttpApiSettings Http => http;

    /// <summary>Cancelled once the node begins to stop: long polls and streams end then.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>Cancelled once another member of the cluster is gone, and with it perhaps what a call waits for.</summary>
    public CancellationToken MemberLost => lost.Next;

    public Task<T> AskQueues<T>(IWireMessage message, CancellationToken cancellation)
        where T : class, IWireMessage => Ask<T>(regions.Queues, message, TimeSpan.Zero, cancellation);

    public Task<T> AskCoordinators<T>(IWireMessage message, CancellationToken cancellation)
        where T : class, IWireMessage => Ask<T>(regions.Coordinators, message, TimeSpan.Zero, cancellation);

    public Task<T> AskWorkers<T>(IWireMessage message, CancellationToken cancellation)
        where T : class, IWireMessage => Ask<T>(regions.Workers, message, TimeSpan.Zero, cancellation);

    /// <summary>Asks every queue partition the same.</summary>
    public Task<T[]> AskEveryQueue<T>(Func<int, IWireMessage> message, CancellationToken cancellation)
        where T : class, IWireMessage => AskEach<T>(regions.Queues, settings.Partitions.Queues, message, cancellation);

    /// <summary>Asks every coordinator the same.</summary>
    public Task<T[]> AskEveryCoordinator<T>(Func<int, IWireMessage> message, CancellationToken cancellation)
        where T : class, IWireMessage => AskEach<T>(regions.Coordinators, settings.Partitions.Coordinators, message, cancellation);

    /// <summary>Asks every bucket of the worker directory the same.</summary>
    public Task<T[]> AskEveryBucket<T>(Func<int, IWireMessage> message, CancellationToken cancellation)
        where T : class, IWireMessage => AskEach<T>(regions.Directory, settings.Partitions.DirectoryBuckets, message, cancellation);

    /// <summary>Asks, and waits for the answer timeout on top of <paramref name="wait"/>, which the owner itself may use up.</summary>
    /// <exception cref="ProblemException">The owner refused, or did not answer in time.</exception>
    public async Task<T> Ask<T>(IActorRef region, IWireMessage message, TimeSpan wait, CancellationToken cancellation)
        where T : class, IWireMessage => await Answer(region, message, wait, cancellation) switch
        {
            T answer => answer,
            Refused refused => throw new ProblemException(Problem.Of(refused)),
            var other => throw new InvalidOperationException($"{message.GetType().Name} was answered with {other.GetType().Name}"),
        };

    /// <summary>Asks where several answers are good, and leaves refusals to the caller.</summary>
    public async Task<object> Answer(IActorRef region, IWireMessage message, TimeSpan wait, CancellationToken cancellation)
    {
        try
        {
            return await region.Ask<object>(message, http.AnswerTimeout + wait, cancellation);
        }
        catch (AskTimeoutException)
        {
            return Refused.Unavailable($"{Addressee(region, message)} did not answer within {(http.AnswerTimeout + wait).TotalSeconds:0.###} s");
        }
    }

    /// <summary>Who should have answered, in words.</summary>
    private string Addressee(IActorRef region, IWireMessage message)
    {
        var (kind, count) = region.Equals(regions.Queues) ? ("queue partition", settings.Partitions.Queues) : ("coordinator", settings.Partitions.Coordinators);
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
