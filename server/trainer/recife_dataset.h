// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_TRAINER_RECIFE_DATASET_H_
#define SERVER_TRAINER_RECIFE_DATASET_H_

#include <string>

#include "tinyjoule/v1/sweep.pb.h"

namespace tinyjoule {

// For tests on real data: the Recife station in the reference study's layout, `path` being its
// bd_inmet_recife_petrolina.csv, in five walk-forward folds. Every gap is filled, as the study
// does.
inline v1::DatasetSpec RecifeDataset(const std::string& path) {
  v1::DatasetSpec dataset;
  dataset.set_type(v1::DATASET_TYPE_CSV);
  dataset.set_path(path);
  (*dataset.mutable_csv()->mutable_where())["Nome"] = "Estação Recife - INMET A301";
  dataset.mutable_csv()->set_time("Data estação");
  for (const char* name : {"Temperatura", "Umidade", "Velocidade Vento", "Rajada Vento"}) {
    dataset.add_features()->set_name(name);
  }
  v1::FeatureSpec& lag = *dataset.add_features();
  lag.set_lag("Precipitação dia");
  lag.set_steps(1);
  lag.set_as("Precipitação anterior");
  dataset.set_target("Precipitação dia");
  dataset.mutable_missing()->set_method(v1::MISSING_METHOD_INTERPOLATE);
  dataset.mutable_missing()->set_limit(0);
  dataset.mutable_split()->set_method(v1::SPLIT_METHOD_WALK_FORWARD);
  dataset.mutable_split()->set_folds(5);
  return dataset;
}

}  // namespace tinyjoule

#endif  // SERVER_TRAINER_RECIFE_DATASET_H_
