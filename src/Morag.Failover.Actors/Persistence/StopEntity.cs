namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// Stops an entity for hand-off, passivation or shutdown. Pending writes are finished and answered first.
/// </summary>
public sealed class StopEntity : INoSerializationVerificationNeeded
{
    /// <summary>The one instance.</summary>
    public static readonly StopEntity Instance = new();

    private StopEntity()
    {
    }
}
