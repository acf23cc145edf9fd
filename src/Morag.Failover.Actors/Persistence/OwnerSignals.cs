namespace Morag.Failover.Actors.Persistence;

/// <summary>Tells the parent of an owner that its state is back.</summary>
internal sealed class OwnerRecovered : INoSerializationVerificationNeeded
{
    /// <summary>The one instance.</summary>
    public static readonly OwnerRecovered Instance = new();

    private OwnerRecovered()
    {
    }
}

/// <summary>Tells the parent of an owner why it is about to end.</summary>
/// <param name="Reason">The reason in one line.</param>
/// <param name="Unlogged">What the log should show of it; null where it has been said.</param>
internal sealed record OwnerFailed(string Reason, Exception? Unlogged) : INoSerializationVerificationNeeded;
