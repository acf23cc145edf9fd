namespace Morag.Failover.Client.Connection;

/// <summary>
/// The bearer token of the calls. A token from a file or a delegate is asked for again when a node rejects it, so that a rotated token
/// needs no restart.
/// </summary>
internal sealed class BearerToken
{
    /// <summary>The rule for a token, for error messages. They never contain the token.</summary>
    public const string Rule = "must consist of visible ASCII characters";

    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(30);

    private readonly Func<CancellationToken, ValueTask<string?>>? source;
    private readonly Lock changing = new();
    private Task? reading;
    private volatile string? current;
    private volatile bool known;

    private BearerToken(string? value, bool known, Func<CancellationToken, ValueTask<string?>>? source)
    {
        current = value;
        this.known = known;
        this.source = source;
    }

    public static BearerToken None { get; } = Fixed(null);

    /// <summary>The token as it was read last; null before the first call, or if there is none.</summary>
    public string? Current => current;

    /// <summary>Whether a text can be sent as a token.</summary>
    public static bool IsValid(string text) => text.Length > 0 && text.All(character => character is > ' ' and <= '~');

    public static BearerToken Fixed(string? value) => new(value, known: true, source: null);

    /// <summary>Reads the token from a file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not read the file.</exception>
    public static BearerToken FromFile(string path) =>
        new(File.ReadAllText(path).Trim(), known: true, async cancellation => (await File.ReadAllTextAsync(path, cancellation)).Trim());

    /// <summary>Asks for the token before the first call.</summary>
    public static BearerToken From(Func<CancellationToken, ValueTask<string?>> source) => new(null, known: false, source);

    /// <summary>The token for a call.</summary>
    /// <exception cref="TokenUnavailable">The source failed.</exception>
    public async ValueTask<string?> GetAsync(CancellationToken cancellation)
    {
        if (!known)
        {
            await ReadAsync(() => !known, cancellation);
        }

        return current;
    }

    /// <summary>Asks for the token again. Returns whether it is another one than <paramref name="rejected"/>.</summary>
    /// <exception cref="TokenUnavailable">The source failed.</exception>
    public async ValueTask<bool> RenewAsync(string? rejected, CancellationToken cancellation)
    {
        if (source is null)
        {
            return false;
        }

        try
        {
            // Many calls can be rejected at the same moment. The first one reads the new token for all of them.
            await ReadAsync(() => current == rejected, cancellation);
        }
        catch (TokenUnavailable failure) when (failure.InnerException is IOException or FormatException)
        {
            // The file is being replaced. The next rejected call reads it again.
            return false;
        }

        return current != rejected;
    }

    private Task ReadAsync(Func<bool> isDue, CancellationToken cancellation)
    {
        lock (changing)
        {
            if (reading is null && !isDue())
            {
                return Task.CompletedTask;
            }

            // Not in the name of the call that needs it first: others wait for it too.
            reading ??= Task.Run(ReadOnceAsync, CancellationToken.None);
            return reading.WaitAsync(cancellation);
        }
    }

    private async Task ReadOnceAsync()
    {
        using var limit = new CancellationTokenSource(ReadLimit);
        try
        {
            var read = await source!(limit.Token).AsTask().WaitAsync(limit.Token);
            current = read is null || IsValid(read) ? read : throw new FormatException($"the token {Rule}");
            known = true;
        }
        catch (Exception failure)
        {
            throw new TokenUnavailable(failure);
        }
        finally
        {
            lock (changing)
            {
                reading = null;
            }
        }
    }
}
