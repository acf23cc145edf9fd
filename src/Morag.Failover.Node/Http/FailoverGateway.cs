using System.Globalization;
using Akka.Actor;
using Morag.Failover.Actors;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http;

/// <summary>Sends the messages of HTTP calls to their owners with a timeout, and turns refusals and timeouts into problems.</summary>
internal sealed class FailoverGateway(
    IFailoverRegions regions,
    FailoverSettings settings,
    HttpApiSettings http,
    IHostApplicationLifetime lifetime,
    LostMembers lost,
    ClusterDoubt doubt,
    IServingPermit permit)
{
    /// <summary>How often a call that waits for a slow owner, or for this node's permit, looks again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

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

    /// <summary>Asks the owner of alerts.</summary>
    public Task<T> AskAlerts<T>(IWireMessage message, CancellationToken cancellation)
        where T : class, IWireMessage => Ask<T>(regions.Alerts, message, TimeSpan.Zero, cancellation);

    /// <summary>Asks every queue partition. See <see cref="AskEach{T}"/> for those that are down.</summary>
    public Task<List<T>> AskEveryQueue<T>(HttpContext context, Func<int, IWireMessage> message)
        where T : class, IWireMessage => AskEach<T>(context, regions.Queues, settings.Partitions.Queues, message);

    /// <summary>Asks every coordinator. See <see cref="AskEach{T}"/> for those that are down.</summary>
    public Task<List<T>> AskEveryCoordinator<T>(HttpContext context, Func<int, IWireMessage> message)
        where T : class, IWireMessage => AskEach<T>(context, regions.Coordinators, settings.Partitions.Coordinators, message);

    /// <summary>Asks every bucket of the worker directory. See <see cref="AskEach{T}"/> for those that are down.</summary>
    public Task<List<T>> AskEveryBucket<T>(HttpContext context, Func<int, IWireMessage> message)
        where T : class, IWireMessage => AskEach<T>(context, regions.Directory, settings.Partitions.DirectoryBuckets, message);

    /// <summary>Asks one queue partition, and returns refusals to the caller.</summary>
    public Task<object> AnswerOfQueue(IPartitionMessage message, CancellationToken cancellation) =>
        Answer(regions.Queues, message, TimeSpan.Zero, cancellation);

    /// <summary>A new task id of a partition that serves, if there is one.</summary>
    public TaskId NewTaskId()
    {
        const int Attempts = 100;
        var id = NewId();
        for (var attempt = 0; attempt < Attempts && IsDown(id); attempt++)
        {
            id = NewId();
        }

        return id;

        static TaskId NewId() => new(Guid.CreateVersion7().ToString("N"));
        bool IsDown(TaskId id) => doubt.IsKnownDown(PersistenceIds.Queue(Partition.Of(id, settings.Partitions.Queues)));
    }

    /// <summary>Asks an owner that may itself take up to <paramref name="wait"/>, and allows the answer timeout on top of that.</summary>
    /// <exception cref="ProblemException">The owner refused the message or did not answer in time.</exception>
    public async Task<T> Ask<T>(IActorRef region, IWireMessage message, TimeSpan wait, CancellationToken cancellation)
        where T : class, IWireMessage => await Answer(region, message, wait, cancellation) switch
        {
            T answer => answer,
            Refused refused => throw new ProblemException(Problem.Of(refused)),
            var other => throw new InvalidOperationException($"{message.GetType().Name} was answered with {other.GetType().Name}"),
        };

    /// <summary>
    /// Asks an owner whose reply can have several types, and returns refusals to the caller. It waits for the answer timeout, but gives up
    /// earlier if the owner may be unavailable (<see cref="ClusterDoubt"/>), or if this node may not answer. When a member leaves the
    /// cluster meanwhile, it asks again (<see cref="AskAgain"/>), because the message may have been lost with the member.
    /// </summary>
    public async Task<object> Answer(IActorRef region, IWireMessage message, TimeSpan wait, CancellationToken cancellation)
    {
        var memberLost = MemberLost;
        var patience = CallPatience.ForOne(http.AnswerTimeout) + wait;
        var asked = region.Ask<object>(message, patience, cancellation);
        var pause = CallPatience.Left(http.FailoverTimeout) + wait;
        while (true)
        {
            try
            {
                return await Confirmed(await asked.WaitAsync(pause, memberLost));
            }
            catch (AskTimeoutException)
            {
                var (name, _) = AddresseeOf(region, message);
                return Refused.Unavailable($"{name} did not answer within {Seconds(patience)} s");
            }
            catch (OperationCanceledException) when (memberLost.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                memberLost = CancellationToken.None;
                pause = CallPatience.Left(http.FailoverTimeout) + wait;
                asked = AskAgain(region, message, wait, asked, cancellation);
            }
            catch (TimeoutException)
            {
                // If this node is stopping, its regions may have ended already, and then there is no answer. While its permit has lapsed,
                // its owners hold their answers.
                if (NotServing() is { } refused)
                {
                    Abandon(asked);
                    return refused;
                }

                pause = Pause;
                if (QueueBehind(message) is { } queue && doubt.IsKnownDown(queue))
                {
                    Abandon(asked);
                    return Refused.Unavailable($"{queue} is down, and the decision about the task needs it");
                }

                var (name, owner) = AddresseeOf(region, message);
                if (doubt.Concerns(owner))
                {
                    Abandon(asked);
                    return Refused.Unavailable(
                        $"{name} did not answer within {Seconds(http.FailoverTimeout + wait)} s. Its node may be dead; if so, another "
                        + "node takes over. Retry later");
                }
            }
        }
    }

    /// <summary>
    /// Sends the message again, and takes the first answer. A call that may have another effect the second time is not repeated, because
    /// the member may have carried it out. Nor is a request for leases: both could be granted, and the leases of one grant would be lost.
    /// Such a call gets the first answer if it still comes, and 503 otherwise.
    /// </summary>
    private Task<object> AskAgain(
        IActorRef region, IWireMessage message, TimeSpan wait, Task<object> first, CancellationToken cancellation) =>
        message is RequestLeases || !Repetition.IsSafe(message)
            ? first
            : Task.WhenAny(first, region.Ask<object>(message, CallPatience.ForOne(http.AnswerTimeout) + wait, cancellation)).Unwrap();

    /// <summary>
    /// Returns an answer if this node may still give it. If it was frozen meanwhile, another node may have taken over, and what was read
    /// from memory may be out of date.
    /// </summary>
    private async Task<object> Confirmed(object answer)
    {
        var most = CallPatience.ForOne(http.FailoverTimeout);
        for (var waited = TimeSpan.Zero; NotServing() is { } refused; waited += Pause)
        {
            if (permit.State == ServingPermit.Revoked || waited >= most)
            {
                return refused;
            }

            await Task.Delay(Pause);
        }

        return answer;
    }

    private Refused? NotServing() =>
        PermitText.NotServing(permit) is { } why ? Refused.Unavailable($"{why}. Retry the call later, or on another node") : null;

    private static void Abandon(Task asked) =>
        _ = asked.ContinueWith(
            static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>The queue partition that a coordinator asks before it answers; null if it asks none.</summary>
    private string? QueueBehind(IWireMessage message) => message is ReportFailure or AwaitDecision or ForeseeDecision
        ? PersistenceIds.Queue(Partition.Of(((ITaskMessage)message).TaskId, settings.Partitions.Queues))
        : null;

    /// <summary>The owner that a message is for: its name for people, and its persistence id; null for a worker.</summary>
    private (string Name, string? Owner) AddresseeOf(IActorRef region, IWireMessage message)
    {
        var isQueue = region.Equals(regions.Queues);
        var number = message switch
        {
            IPartitionMessage numbered => numbered.Partition,
            ITaskMessage task => Partition.Of(task.TaskId, isQueue ? settings.Partitions.Queues : settings.Partitions.Coordinators),
            _ => 0,
        };
        return message switch
        {
            IPartitionMessage or ITaskMessage when isQueue => ($"queue partition {number}", PersistenceIds.Queue(number)),
            IPartitionMessage or ITaskMessage => ($"coordinator {number}", PersistenceIds.Coordinator(number)),
            IBucketMessage numbered => ($"directory bucket {numbered.Bucket}", PersistenceIds.DirectoryBucket(numbered.Bucket)),
            IAlertMessage => ("the owner of alerts", PersistenceIds.Alerts),
            IWorkerMessage worker => ($"the entity of worker {worker.WorkerId}", null),
            _ => ("the owner", null),
        };
    }

    /// <summary>
    /// Asks every owner of a kind. Those that are known to be down are left out and named in the header
    /// <see cref="ResponseHeaders.Incomplete"/>. An owner that is silent for another reason, such as a take-over, will answer a retry. A
    /// call with <see cref="MissingParts"/> leaves out every owner that is down or silent.
    /// </summary>
    /// <exception cref="ProblemException">No owner answered, or one refused the message or did not answer in time.</exception>
    private async Task<List<T>> AskEach<T>(HttpContext context, IActorRef region, int count, Func<int, IWireMessage> message)
        where T : class, IWireMessage
    {
        var tolerated = context.Features.Get<MissingParts>();
        var messages = Enumerable.Range(0, count).Select(message).ToList();
        var answers = await Task.WhenAll(messages.Select(each => AnswerUnlessMissing(tolerated, region, each, context.RequestAborted)));
        var parts = new List<T>(count);
        var missing = new List<(string Owner, Refused Refused)>();
        var refusals = new List<Refused>();
        foreach (var (each, answer) in messages.Zip(answers))
        {
            switch (answer)
            {
                case T part:
                    parts.Add(part);
                    break;
                case Refused { Reason: RefusalReason.Unavailable } refused when tolerated is not null:
                    missing.Add((AddresseeOf(region, each).Name, refused));
                    break;
                case Refused { Reason: RefusalReason.Unavailable } refused
                    when AddresseeOf(region, each).Owner is { } owner && doubt.IsKnownDown(owner):
                    missing.Add((owner, refused));
                    break;
                case Refused refused:
                    refusals.Add(refused);
                    break;
                default:
                    throw new InvalidOperationException($"{each.GetType().Name} was answered with {answer.GetType().Name}");
            }
        }

        Answers.Answer.AddMissingParts(context, missing.Select(part => part.Owner));
        if (parts.Count == 0 || refusals.Count > 0)
        {
            refusals.AddRange(missing.Select(part => part.Refused));
            throw new ProblemException(Problem.Of(PartRefusals.OfSome(messages[0], parts.Count, refusals)));
        }

        return parts;
    }

    /// <summary>Asks an owner, unless it has not answered this call before: then it would only take more time.</summary>
    private Task<object> AnswerUnlessMissing(MissingParts? missing, IActorRef region, IWireMessage message, CancellationToken cancellation)
    {
        var (name, _) = AddresseeOf(region, message);
        return missing?.Contains(name) == true
            ? Task.FromResult<object>(Refused.Unavailable($"{name} does not answer"))
            : Answer(region, message, TimeSpan.Zero, cancellation);
    }
}
