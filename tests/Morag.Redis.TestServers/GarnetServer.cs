using Morag.EmbeddedRedis;

namespace Morag.Redis.TestServers;

/// <summary>The embedded Redis with its options and its password, but without supervision: a test that kills it also restarts it.</summary>
public sealed class GarnetServer : RedisTestServer
{
    private readonly string password = EmbeddedRedis.EmbeddedRedis.NewPassword();
    private EmbeddedRedis.DataFolder? folder;
    private GarnetProcess? process;
    private string? socket;

    public override string Address => $"!{socket ?? throw new InvalidOperationException("The server has not been started")}";

    public override string ConnectionString => $"{Address},password={password},abortConnect=false";

    public override int ProcessId => Running.Id;

    public override async Task InitializeAsync()
    {
        folder ??= await EmbeddedRedis.DataFolder.OpenAsync(DataFolder, static _ => { }, CancellationToken.None);
        socket = folder.Socket.Path;
        process = await GarnetProcess.StartAsync(folder, password, static _ => { }, CancellationToken.None);
    }

    public override async Task KillAsync()
    {
        if (process is not null)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            process = null;
        }

        folder?.Dispose();
        folder = null;
    }

    private GarnetProcess Running => process ?? throw new InvalidOperationException("The server is not running");
}
