using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>What a run says about its progress. A field that is null says nothing new.</summary>
/// <param name="Percent">The part of the work that is done, 0 to 100.</param>
/// <param name="Message">What the run is doing.</param>
/// <param name="Checkpoint">Where the next attempt can continue.</param>
internal sealed record ProgressUpdate(double? Percent = null, string? Message = null, JsonText? Checkpoint = null)
{
    /// <summary>This update, followed by a newer one.</summary>
    public ProgressUpdate Then(ProgressUpdate newer) => new(
        newer.Percent ?? Percent, newer.Message ?? Message, newer.Checkpoint ?? Checkpoint);
}
