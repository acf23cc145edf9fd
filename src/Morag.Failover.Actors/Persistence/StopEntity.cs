namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// The one message that ends an entity, for hand-off, passivation and shutdown alike: writes under way are finished and answered first.
/// </summary>
public sealed class StopEntity : INoSerializationVerificationNeeded
{
    /// <summary>The one instance.</summary>
    public static readonly StopEntity Instance = new();

    private StopEntity()
    {
    }
}
