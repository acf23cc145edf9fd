using System.Threading.Channels;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// <c>GET /live</c>: says that something has changed, at most once per second. Pages then fetch themselves again. Without a change it says
/// <c>beat</c>, by which pages notice a connection that has died silently.
/// </summary>
internal static class LiveEndpoint
{
    private static readonly ServerSentEvent Change = new("change", "{}"u8.ToArray());
    private static readonly ServerSentEvent Beat = new("beat", "{}"u8.ToArray());

    public static void MapLive(this IEndpointRouteBuilder dashboard) => dashboard.MapGet("/live", Stream);

    private static async Task Stream(HttpContext context, FailoverGateway gateway, ActivityRecorder activity)
    {
        // The latest change stands for all that were not yet read.
        var changes = Channel.CreateBounded<ServerSentEvent>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
        using var watch = activity.Watch(() => changes.Writer.TryWrite(Change));
        await new ServerSentEvents(context, gateway).Write(changes.Reader, keepAlive: Beat);
    }
}
