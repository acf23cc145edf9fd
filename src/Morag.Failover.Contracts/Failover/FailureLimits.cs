namespace Morag.Failover.Contracts.Failover;

/// <summary>What a report of a failure may carry. Every part of the system that checks one of these limits reads it here.</summary>
public static class FailureLimits
{
    /// <summary>The most bytes in UTF-8 of an error message.</summary>
    public const int MaxErrorMessageBytes = 8_192;

    /// <summary>The most bytes of a context, as compact JSON in UTF-8.</summary>
    public const int MaxContextBytes = 16 * 1024;
}
