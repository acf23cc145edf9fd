using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Http;

/// <summary>The web server of a node: where it listens, and whether it can.</summary>
internal static class WebServer
{
    /// <summary>Builds applications that listen where the node has to, with its certificate.</summary>
    public static WebApplicationBuilder Builder(NodeOptions options)
    {
        // Otherwise the host watches all files below the working directory, and wakes at each write of the embedded Redis.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls([.. options.HttpUrls]);
        // Its certificate is given as to any such server, by Kestrel__Certificates__Default__Path and the like.
        builder.WebHost.UseKestrelHttpsConfiguration();
        return builder;
    }

    /// <summary>
    /// Listens for a moment. The node itself listens last, once it can serve, and by then it has joined the cluster: others would hand
    /// shards to a node that cannot stay.
    /// </summary>
    /// <exception cref="ConfigurationRefusedException">It cannot listen there.</exception>
    public static async Task RefuseAddressesAsync(NodeOptions options)
    {
        var builder = Builder(options);
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        await using var trial = builder.Build();
        trial.Run(static context =>
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
        await StartAsync(trial, options);
        await trial.StopAsync();
    }

    /// <summary>Starts an application that <see cref="Builder"/> has made.</summary>
    /// <exception cref="ConfigurationRefusedException">It cannot listen; what had started has ended.</exception>
    public static async Task StartAsync(WebApplication app, NodeOptions options)
    {
        try
        {
            await app.StartAsync();
        }
#pragma warning disable CA1031 // The web server throws exceptions of many types over addresses and certificates.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // The web server comes last: what has started before it has to end in order.
            await app.StopAsync();
            throw ConfigurationRefusedException.Value(
                "morag.http", string.Join(',', options.HttpUrls), e.GetBaseException().Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>Leaves signals alone: one that comes during the trial has to end the node.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
