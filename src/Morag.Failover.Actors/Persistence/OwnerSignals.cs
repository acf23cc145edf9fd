namespace Morag.Failover.Actors.Persistence;

/// <summary>Tells the parent of an owner that the owner has recovered.</summary>
internal sealed class OwnerRecovered : INoSerializationVerificationNeeded
{
    /// <summary>The one instance.</summary>
    public static readonly OwnerRecovered Instance = new();

    private OwnerRecovered()
    {
    }
}

/// <summary>Tells the parent of an owner why the owner is about to stop.</summary>
/// <param name="Reason">The reason in one line.</param>
/// <param name="Unlogged">The exception to log; null if it has been logged.</param>
internal sealed record OwnerFailed(string Reason, Exception? Unlogged) : INoSerializationVerificationNeeded;
