using System.Diagnostics;
using System.Globalization;

namespace Morag.Redis.TestServers;

/// <summary>A redis-server process that ends with this one, whatever happens to this one.</summary>
internal sealed class KeptProcess : IAsyncDisposable
{
    // The shell lives by the pipe that this process holds, and the server by the shell: a test run that is killed
    // leaves no server behind. It waits for the server's end: one that is killed while it syncs a file holds its port until then.
    private const string Keeper = """log=$1; shift; redis-server "$@" >"$log" 2>&1 & echo $!; cat >/dev/null; kill -9 $!; wait $! 2>/dev/null""";

    private readonly Process keeper;

    private KeptProcess(Process keeper, int id)
    {
        this.keeper = keeper;
        Id = id;
    }

    /// <summary>Process id of the server.</summary>
    public int Id { get; }

    /// <summary>Starts redis-server, its output going into a file.</summary>
    public static async Task<KeptProcess> StartAsync(string log, IEnumerable<string> arguments)
    {
        var keeper = Process.Start(new ProcessStartInfo("sh", ["-c", Keeper, "sh", log, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return new KeptProcess(keeper, int.Parse((await keeper.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture));
    }

    /// <summary>Ends the server as kill -9 does, and returns once it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        // The end of the keeper's input is its order to kill the server.
        keeper.StandardInput.Close();
        await keeper.WaitForExitAsync();
        keeper.Dispose();
    }
}
