using System.Security.Cryptography;
using System.Text;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Stored data is missing from the folder. The server starts without it only if <see cref="EmbeddedRedisOptions.AcceptDataLoss"/> is
/// <see cref="Token"/>.
/// </summary>
public sealed class DataLossException : EmbeddedRedisException
{
    private readonly string damage;

    /// <param name="damage">A sentence that says what is missing.</param>
    /// <param name="state">A sentence that says what was done about it. It is not logged once the loss is accepted.</param>
    /// <param name="token">Identifies this loss.</param>
    internal DataLossException(string damage, string state, string token)
        : base($"{damage} {state}") => (this.damage, Token) = (damage, token);

    /// <summary>Identifies this loss: every attempt to start returns the same token, and a later loss has another one.</summary>
    public string Token { get; }

    /// <summary>Tells the operator what to do.</summary>
    /// <param name="acceptOption">The option with which the operator accepts a loss, such as <c>--accept-data-loss</c>.</param>
    public string Remedy(string acceptOption) =>
        $"Restore the folder from a backup. To continue with the remaining data, start once with {acceptOption} {Token}";

    internal static string CreateToken(string damage) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(damage)))[..12];

    /// <summary>Logs the loss if the operator has accepted it, and throws this exception otherwise.</summary>
    /// <param name="accepted">The token that the operator has given, see <see cref="EmbeddedRedisOptions.AcceptDataLoss"/>.</param>
    /// <param name="log">Receives a line about an accepted loss.</param>
    internal void ThrowUnlessAccepted(string? accepted, Action<string> log)
    {
        if (Token != accepted)
        {
            throw this;
        }

        log($"The operator has accepted this data loss: {damage}");
    }
}
