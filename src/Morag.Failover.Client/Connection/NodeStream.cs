namespace Morag.Failover.Client.Connection;

/// <summary>The body of a response that is read as it arrives.</summary>
internal sealed class NodeStream(HttpResponseMessage response, CancellationToken abandoned) : IDisposable
{
    /// <summary>Cancelled when the node fails, as another call found out.</summary>
    public CancellationToken Abandoned => abandoned;

    public Task<Stream> ReadAsync(CancellationToken cancellation) => response.Content.ReadAsStreamAsync(cancellation);

    public void Dispose() => response.Dispose();
}
