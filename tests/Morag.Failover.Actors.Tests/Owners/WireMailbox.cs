using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Morag.Failover.Actors.Tests.Owners;

/// <summary>
/// The mailbox of entities: what another actor tells them goes through its serializer first, as between two nodes, and what has none
/// fails. Akka's own <c>serialize-messages</c> would do the same to its internal messages, for which there is no serializer here.
/// </summary>
public sealed class WireMailbox(Settings settings, Config config)
    : MailboxType(settings, config), IProducesMessageQueue<UnboundedDequeMessageQueue>
{
    /// <summary>Puts it in the place of the mailbox that persistent actors get.</summary>
    public static Config OfEntities { get; } = ConfigurationFactory.ParseString(
        $"""
        akka.actor.mailbox.unbounded-deque-based.mailbox-type = "{typeof(WireMailbox).AssemblyQualifiedName}"
        """);

    /// <inheritdoc />
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new CheckedQueue((ExtendedActorSystem)system);

    /// <summary>A message as it arrives on another node.</summary>
    public static object Sent(object message, ExtendedActorSystem system)
    {
        var isOurs = message.GetType().Assembly.GetName().Name!.StartsWith("Morag.Failover.", StringComparison.Ordinal);
        if (!isOurs || message is INoSerializationVerificationNeeded)
        {
            return message;
        }

        var serializer = system.Serialization.FindSerializerFor(message);
        return system.Serialization.Deserialize(
            serializer.ToBinary(message),
            serializer.Identifier,
            Akka.Serialization.Serialization.ManifestFor(serializer, message));
    }

    private sealed class CheckedQueue(ExtendedActorSystem system) : UnboundedDequeMessageQueue, IMessageQueue
    {
        void IMessageQueue.Enqueue(IActorRef receiver, Envelope envelope) =>
            Enqueue(receiver, new Envelope(Sent(envelope.Message, system), envelope.Sender));
    }
}
