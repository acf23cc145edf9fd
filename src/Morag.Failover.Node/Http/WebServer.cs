using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Http;

/// <summary>Builds and starts the web server of a node.</summary>
internal static class WebServer
{
    /// <summary>A builder for applications that listen on the node's addresses.</summary>
    /// <param name="options">The node's settings.</param>
    /// <param name="certificate">The certificate for https; null for that of ASP.NET Core's own settings.</param>
    public static WebApplicationBuilder Builder(NodeOptions options, HttpCertificate? certificate)
    {
        // Without this, the host watches all files below the working directory and wakes up on every write of the embedded Redis.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls([.. options.HttpUrls]);
        builder.WebHost.UseKestrelHttpsConfiguration();
        if (certificate is not null)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(certificate.ApplyTo));
        }

        return builder;
    }

    /// <summary>
    /// Listens briefly, to reject unusable addresses early. The node opens its real listener last, after it has joined the cluster, and a
    /// failure then would make other nodes hand shards to a node that is about to stop.
    /// </summary>
    /// <exception cref="ConfigurationRefusedException">The node cannot listen on its addresses.</exception>
    public static async Task CheckAddressesAsync(NodeOptions options, HttpCertificate? certificate)
    {
        var builder = Builder(options, certificate);
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

    /// <summary>Starts an application built by <see cref="Builder"/>.</summary>
    /// <exception cref="ConfigurationRefusedException">The application cannot listen. Its services have been stopped.</exception>
    public static async Task StartAsync(WebApplication app, NodeOptions options)
    {
        try
        {
            await app.StartAsync();
        }
#pragma warning disable CA1031 // The web server throws exceptions of many types for bad addresses and certificates.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // The web server starts last: the services that started before it must stop in order.
            await app.StopAsync();
            throw ConfigurationRefusedException.Value(
                "morag.http", string.Join(',', options.HttpUrls), e.GetBaseException().Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>Does not handle signals: a signal during the trial must end the node itself.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
