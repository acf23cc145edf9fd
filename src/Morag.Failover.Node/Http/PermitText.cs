using Morag.Failover.Actors.Outages;

namespace Morag.Failover.Node.Http;

/// <summary>Says why this node may not answer for its owners.</summary>
internal static class PermitText
{
    /// <summary>The reason; null while the node may answer.</summary>
    public static string? NotServing(IServingPermit permit) => permit.State switch
    {
        ServingPermit.Valid => null,
        ServingPermit.Revoked => "Another node has taken over from this one, which is stopping",
        _ => $"This node cannot renew its presence in Redis{(permit.Failure is { } why ? $" ({why})" : "")}, so it does not know whether "
            + "another node has taken over",
    };
}
