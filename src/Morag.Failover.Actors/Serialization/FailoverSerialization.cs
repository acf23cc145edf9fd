using Akka.Configuration;

namespace Morag.Failover.Actors.Serialization;

/// <summary>The configuration that binds the protocols' types to their serializers, and everything else to an error.</summary>
public static class FailoverSerialization
{
    /// <summary>Put this above Akka.NET's own configuration.</summary>
    public static Config Config { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka.actor {
          serializers {
            failover-message = "{{Name<MessageSerializer>()}}"
            failover-stored = "{{Name<StoredSerializer>()}}"
            unbound = "{{Name<UnboundTypeSerializer>()}}"
          }
          serialization-bindings {
            "System.Object" = unbound
            "{{Name<IWireMessage>()}}" = failover-message
            "{{Name<IStoredEvent>()}}" = failover-stored
            "{{Name<IStoredState>()}}" = failover-stored
          }
          serialization-identifiers {
            "{{Name<MessageSerializer>()}}" = 4711
            "{{Name<StoredSerializer>()}}" = 4712
            "{{Name<UnboundTypeSerializer>()}}" = 4713
          }
        }
        """);

    private static string Name<T>() => $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";
}
