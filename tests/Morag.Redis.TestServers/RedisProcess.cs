using System.Diagnostics;
using System.Globalization;

namespace Morag.Redis.TestServers;

/// <summary>A redis-server process that ends with this process, however this process ends.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    // The shell exits when the pipe from this process closes, and kills the server: a killed test run leaves no server behind. The shell
    // waits for the server, because a server that is killed while it syncs a file keeps its port until the sync has ended.
    private const string Script =
        """log=$1; shift; "$@" >"$log" 2>&1 & echo $!; cat >/dev/null; kill -9 $!; wait $! 2>/dev/null""";

    private readonly Process shell;

    private RedisProcess(Process shell, int id)
    {
        this.shell = shell;
        Id = id;
    }

    /// <summary>Process id of redis-server.</summary>
    public int Id { get; }

    /// <summary>Starts redis-server, and writes its output to a file.</summary>
    /// <param name="log">The file.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="launcher">The words before its command line; they must replace themselves by it.</param>
    public static async Task<RedisProcess> StartAsync(string log, IEnumerable<string> arguments, IEnumerable<string>? launcher = null)
    {
        var shell = Process.Start(new ProcessStartInfo("sh", ["-c", Script, "sh", log, .. launcher ?? [], "redis-server", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return new RedisProcess(shell, int.Parse((await shell.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture));
    }

    /// <summary>Kills the server with SIGKILL, and returns once it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        // The shell kills the server at the end of its input.
        shell.StandardInput.Close();
        await shell.WaitForExitAsync();
        shell.Dispose();
    }
}
