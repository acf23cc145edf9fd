using System.Runtime.CompilerServices;

namespace Morag.Failover.Client;

/// <content>The live events.</content>
public sealed partial class MoragClient
{
    /// <inheritdoc />
    public async IAsyncEnumerable<LiveEvent> ReadEventsAsync(
        LiveEventFilter? filter = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var live in new EventReader(transport, retries, clock).ReadAsync(cancellation))
        {
            if (filter?.Matches(live) != false)
            {
                yield return live;
            }
        }
    }
}
