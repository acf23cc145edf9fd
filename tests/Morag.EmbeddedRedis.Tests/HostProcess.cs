using System.Diagnostics;
using System.Globalization;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>Another process that owns an embedded Redis, and that a test can kill.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process process;

    private HostProcess(Process process, string connectionString)
    {
        this.process = process;
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    public static async Task<HostProcess> StartAsync(string dataFolder)
    {
        var host = Path.Combine(AppContext.BaseDirectory, "Morag.EmbeddedRedis.TestHost.dll");
        var process = Process.Start(new ProcessStartInfo(GarnetPackage.FindDotnetHost(), [host, dataFolder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var connectionString = await process.StandardOutput.ReadLineAsync();
        Assert.NotNull(connectionString);
        return new HostProcess(process, connectionString);
    }

    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async Task StopAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }

    public static int ServerProcessId(string dataFolder) =>
        int.Parse(File.ReadAllText(Path.Combine(dataFolder, "server.pid")), CultureInfo.InvariantCulture);
}
