namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>Waits for what takes a moment, such as a client that has to find its server again.</summary>
internal static class Eventually
{
    private const int Attempts = 150;

    public static Task SucceedsAsync(Func<Task> attempt) => SucceedsAsync(async () =>
    {
        await attempt();
        return true;
    });

    public static async Task<T> SucceedsAsync<T>(Func<Task<T>> attempt)
    {
        for (var attempts = 1; ; attempts++)
        {
            try
            {
                return await attempt();
            }
            catch (Exception) when (attempts < Attempts)
            {
                await Task.Delay(200);
            }
        }
    }
}
