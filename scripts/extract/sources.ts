export const CHAIN_SOURCE =
  "Deribit public interface (www.deribit.com), recorded by znmahbub/SVCJ-Deribit-Inverse-Options-Pricer at 516b0cb0f4d7, data/deribit_options_snapshot_*.csv";

export const SPOT_SOURCE =
  "Binance spot BTCUSDT and ETHUSDT, hourly bars, recorded by bernini10/oraculo-de-bitcoin at 68eb4edc50ab (MIT) and, BTC, by " +
  "NIC-project-team/TradingStrategyGA at 71061d398332 (MIT); further copies agree exactly";

export const DVOL_SOURCE =
  "Deribit DVOL daily close of BTC and ETH, recorded by voho/tradebot at eadbca3f2321, data/{btc,eth}_dvol_daily.csv.gz";

export const EARLY_SOURCE =
  "Daily closes over many venues: BTC from CoinCodex, recorded by FMarkiv/Bitcoin-production at dfb006bffb3f (MIT); ETH from CoinGecko, recorded by " +
  "mlsys-io/PortfolioBench at fb47ffc7b262 (GPL-3.0)";

export const CRASH_SOURCE =
  "Binance spot BTCUSDT and ETHUSDT bars of 1 to 30 minutes, recorded by tooyipjee/freqtrade at 44523f8d61f6 (GPL-3.0; May 2021), anisarrar/backup at 50111903cde6 " +
  "(December 2021), bernini10/oraculo-de-bitcoin at 68eb4edc50ab (MIT; 2022), daisybum/cryptoTradingBot at 019e541ccb2d (MIT; 2023), Moudux1/ft_userdata at 544ffba3742e " +
  "(2024) and songjonghyun11/freqtrade-custom at 709aada59f04 (GPL-3.0; 2025); DVOL by the hour recorded by LucasHonoratoDeSouza/btc-vrp-arbitrage at 4ff0f423b438 (BTC) and " +
  "bandurkas/TG at 932e500bd028 (ETH)";

export const LICENCE =
  "Figures published by the exchanges' public interfaces, which are facts; no file of the sources is copied. A source's licence is named behind it " +
  "where it states one.";
