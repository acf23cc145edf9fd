using System.Collections.Concurrent;
using Akka.Actor;
using Morag.Failover.Actors;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Stands for the owners: answers each message as the test says, and remembers it.</summary>
public sealed class StubRegions : IFailoverRegions
{
    private readonly ConcurrentQueue<IWireMessage> received = new();

    public StubRegions(ActorSystem system)
    {
        Queues = system.ActorOf(Props.Create(() => new Region(this)), "queues");
        Coordinators = system.ActorOf(Props.Create(() => new Region(this)), "coordinators");
        Workers = system.ActorOf(Props.Create(() => new Region(this)), "workers");
        Directory = system.ActorOf(Props.Create(() => new Region(this)), "directory");
        Alerts = system.ActorOf(Props.Create(() => new Region(this)), "alerts");
    }

    public IActorRef Queues { get; }

    public IActorRef Coordinators { get; }

    public IActorRef Workers { get; }

    public IActorRef Directory { get; }

    public IActorRef Alerts { get; }

    /// <summary>The answer to a message; null leaves it unanswered.</summary>
    public Func<IWireMessage, object?> Answer { get; set; } = GoodOwners.Answer;

    /// <summary>Who sent the last message of each kind, for signals that come later.</summary>
    public ConcurrentDictionary<Type, IActorRef> Senders { get; } = new();

    public IEnumerable<T> Received<T>()
        where T : IWireMessage => received.OfType<T>();

    private sealed class Region : ReceiveActor
    {
        public Region(StubRegions stub) => Receive<IWireMessage>(message =>
        {
            stub.received.Enqueue(message);
            stub.Senders[message.GetType()] = Sender;
            if (stub.Answer(message) is { } answer)
            {
                Sender.Tell(answer);
            }
        });
    }
}
