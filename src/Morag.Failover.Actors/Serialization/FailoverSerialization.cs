using Akka.Configuration;

namespace Morag.Failover.Actors.Serialization;

/// <summary>The configuration that binds the types of the protocols to their serializers, and rejects every other type.</summary>
public static class FailoverSerialization
{
    /// <summary>The configuration. It must take precedence over Akka.NET's own.</summary>
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
